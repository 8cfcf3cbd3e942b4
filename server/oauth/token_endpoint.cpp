#include "server/oauth/token_endpoint.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "server/oauth/grants.hpp"

namespace runagents::server {
namespace {

struct Grant {
  std::string_view type;
  OAuthResult<Outgoing> (*grant)(OAuthServices&, const TokenRequest&);
};

constexpr std::array grants = {
    Grant{"client_credentials", grant_client_credentials}, Grant{token_exchange_grant, grant_token_exchange},
    Grant{"authorization_code", grant_authorization_code}, Grant{device_code_grant, grant_device_code},
    Grant{"refresh_token", grant_refresh_token},
};

OAuthResult<Outgoing> answer(OAuthServices& services, const Incoming& request) {
  auto form = read_form(request);
  if (!form) return std::unexpected(std::move(form.error()));
  auto client = read_client(request, *form);
  if (!client) return std::unexpected(std::move(client.error()));
  const auto& type = form->value("grant_type");
  if (type.empty()) return refuse("invalid_request", "grant_type is missing");
  const auto* found = std::ranges::find(grants, type, &Grant::type);
  if (found == grants.end()) return refuse("unsupported_grant_type", "this server has no such grant type");
  return found->grant(
      services,
      {.form = std::move(*form), .client = std::move(*client), .id = std::string{request.field("x-request-id")}});
}

}  // namespace

OAuthResult<Form> read_form(const Incoming& request) {
  const auto type = lowered(request.field("content-type"));
  const auto media = std::string_view{type}.substr(0, type.find(';'));
  if (media.substr(0, media.find_last_not_of(' ') + 1) != "application/x-www-form-urlencoded") {
    return refuse("invalid_request", "the body must be application/x-www-form-urlencoded", 415);
  }
  // A secret in a URL ends up in logs (RFC 6749, section 2.3.1).
  if (request.request().target.contains('?')) return refuse("invalid_request", "parameters belong into the body");
  auto form = Form::parse(request.body());
  if (!form) return refuse("invalid_request", std::string{form.error()});
  return *std::move(form);
}

Outgoing token_answer(const IssuedToken& issued, std::string_view refresh_token) {
  const auto& token = issued.token;
  nlohmann::ordered_json body = {{"access_token", issued.text.reveal()},
                                 {"token_type", "Bearer"},
                                 {"expires_in", (token.expires_at - token.issued_at).count()},
                                 {"issued_token_type", access_token_type}};
  if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
  return private_answer(body.dump());
}

Outgoing answer_token_request(OAuthServices& services, const Incoming& request) {
  auto answered = answer(services, request);
  return answered ? *std::move(answered) : error_answer(answered.error());
}

}  // namespace runagents::server
