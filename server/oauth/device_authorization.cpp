#include <nlohmann/json.hpp>

#include "core/auth/percent.hpp"
#include "server/oauth/client_authentication.hpp"
#include "server/oauth/sign_in.hpp"
#include "server/oauth/token_endpoint.hpp"

namespace runagents::server {
namespace {

OAuthResult<Outgoing> answer(OAuthServices& services, const Incoming& request) {
  const auto form = read_form(request);
  if (!form) return std::unexpected(form.error());
  const auto said = read_client(request, *form);
  if (!said) return std::unexpected(said.error());
  const auto client = services.clients.find(said->id);
  if (!client) return refuse_for_now(client.error());
  if (!*client || !said->secret.empty()) return refuse_client("there is no such public client", said->is_basic);
  const auto resources = form->values("resource");
  const auto& issuer = services.issuer;
  for (const auto& url : resources) {
    if (url == issuer.issuer() || url == issuer.issuer() + '/' || issuer.server_of(url)) continue;
    return refuse("invalid_target", "the resource is not one of this server");
  }
  const auto begun = services.devices.begin((*client)->id, resources);
  if (!begun) return refuse_for_now(begun.error());
  const auto page = issuer.issuer() + "/api/v1/oauth/device";
  const nlohmann::ordered_json body = {
      {"device_code", begun->device_code.reveal()},
      {"user_code", begun->user_code},
      {"verification_uri", page},
      {"verification_uri_complete", page + "?user_code=" + auth::percent_encoded(begun->user_code)},
      {"expires_in", std::chrono::seconds{DeviceCodes::lifetime}.count()},
      {"interval", DeviceCodes::interval.count()}};
  return private_answer(body.dump());
}

}  // namespace

Outgoing answer_device_authorization(OAuthServices& services, const Incoming& request) {
  auto answered = answer(services, request);
  return answered ? *std::move(answered) : error_answer(answered.error());
}

}  // namespace runagents::server
