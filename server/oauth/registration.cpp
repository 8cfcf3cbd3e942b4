#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "server/oauth/grants.hpp"
#include "server/oauth/sign_in.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

std::unexpected<OAuthError> bad_metadata(std::string why) { return refuse("invalid_client_metadata", std::move(why)); }

/// What of a client's metadata counts here (RFC 7591, section 2); the rest is ignored.
struct Metadata {
  std::string name;
  std::vector<std::string> redirect_uris;
  std::vector<std::string> response_types;
};

OAuthResult<Metadata> read(const Incoming& request) {
  const auto json = request.json();
  if (!json) return bad_metadata("the body must be a JSON object");
  Metadata metadata;
  api::Members members{*json};
  members.text("client_name", metadata.name).texts("redirect_uris", metadata.redirect_uris);
  members.texts("response_types", metadata.response_types);
  if (members.error() != nullptr) return bad_metadata("a member has the wrong type");
  const auto are_codes = std::ranges::all_of(metadata.response_types, [](const auto& type) { return type == "code"; });
  if (!are_codes) return bad_metadata("response_types may have code only");
  return metadata;
}

OAuthResult<Outgoing> answer(OAuthServices& services, const Incoming& request) {
  auto metadata = read(request);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  const auto client = services.clients.add(std::move(metadata->name), std::move(metadata->redirect_uris));
  if (!client) return std::unexpected(client.error());
  const auto since = std::chrono::floor<std::chrono::seconds>(client->created_at).time_since_epoch();
  // What was asked for is replaced by what there is (RFC 7591, section 3.2.1): no secrets, these grants.
  const Json body = {{"client_id", client->id},
                     {"client_id_issued_at", since.count()},
                     {"client_name", client->name},
                     {"redirect_uris", client->redirect_uris},
                     {"token_endpoint_auth_method", "none"},
                     {"grant_types", {"authorization_code", "refresh_token", device_code_grant}},
                     {"response_types", {"code"}}};
  return private_answer(body.dump(-1, ' ', false, Json::error_handler_t::replace), 201);
}

}  // namespace

Outgoing answer_registration(OAuthServices& services, const Incoming& request) {
  auto answered = answer(services, request);
  return answered ? *std::move(answered) : error_answer(answered.error());
}

}  // namespace runagents::server
