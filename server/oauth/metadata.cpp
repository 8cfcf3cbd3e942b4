#include "server/oauth/metadata.hpp"

#include <nlohmann/json.hpp>

#include "server/oauth/grants.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

std::string authorization_server_metadata(std::string_view issuer) {
  const auto at = [&](std::string_view path) { return std::string{issuer} + "/api/v1/oauth/" + std::string{path}; };
  const Json confidential = {"client_secret_basic", "client_secret_post"};
  const Json metadata = {
      {"issuer", issuer},
      {"authorization_endpoint", at("authorize")},
      {"token_endpoint", at("token")},
      {"jwks_uri", std::string{issuer} + "/.well-known/jwks.json"},
      {"registration_endpoint", at("register")},
      {"device_authorization_endpoint", at("device_authorization")},
      {"introspection_endpoint", at("introspect")},
      {"revocation_endpoint", at("revoke")},
      {"response_types_supported", {"code"}},
      {"response_modes_supported", {"query"}},
      {"grant_types_supported",
       {"client_credentials", token_exchange_grant, "authorization_code", "refresh_token", device_code_grant}},
      {"token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post", "none"}},
      {"introspection_endpoint_auth_methods_supported", confidential},
      {"revocation_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post", "none"}},
      {"code_challenge_methods_supported", {"S256"}},
      {"authorization_response_iss_parameter_supported", true},
  };
  return metadata.dump();
}

std::string protected_resource_metadata(std::string_view issuer, std::string_view resource) {
  const Json metadata = {{"resource", resource},
                         {"authorization_servers", {issuer}},
                         {"jwks_uri", std::string{issuer} + "/.well-known/jwks.json"},
                         {"bearer_methods_supported", {"header"}}};
  return metadata.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace runagents::server
