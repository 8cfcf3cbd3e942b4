#include <chrono>
#include <optional>
#include <utility>

#include "server/oauth/grants.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using std::chrono::seconds;

constexpr std::size_t min_verifier = 43;  // RFC 7636, section 4.1
constexpr std::size_t max_verifier = 128;

std::unexpected<OAuthError> invalid_grant(std::string why) { return refuse("invalid_grant", std::move(why)); }

/// A public client: it says its id and has no secret.
OAuthResult<OAuthClient> public_client(OAuthServices& services, const ClientCredentials& client) {
  if (client.id.empty()) return refuse_client("client_id is missing", false);
  auto found = services.clients.find(client.id);
  if (!found) return refuse_for_now(found.error());
  if (!*found || !client.secret.empty()) {
    return refuse_client("there is no such public client, or it sends a secret", client.is_basic);
  }
  return *std::move(*found);
}

/// The user of a login, if they may still use it. The lesser of the roles counts when the token is used, see
/// `BearerTokens`.
OAuthResult<model::User> live_user(OAuthServices& services, const Login& login) {
  auto user = services.users.find_id(login.user_id);
  if (!user) return refuse_for_now(user.error());
  if (!*user || !(*user)->is_active) return invalid_grant("the user is deactivated");
  return *std::move(*user);
}

Principal principal_of(const model::User& user, const Login& login) {
  Principal principal{.kind = Principal::Kind::user, .role = std::min(user.role, login.role)};
  principal.user = facts_of(user);
  principal.client_id = login.client_id;
  return principal;
}

OAuthResult<Outgoing> answer(OAuthServices& services, const TokenRequest& request, const Login& login,
                             std::vector<std::string> server_ids, const config::Secret& refresh_token) {
  const auto user = live_user(services, login);
  if (!user) return std::unexpected(user.error());
  const auto live = services.logins.find_live(login.family);
  if (!live) return refuse_for_now(live.error());
  const auto lifetime = *live ? lifetime_until((*live)->ends_at) : seconds{0};
  if (lifetime < seconds{1}) return invalid_grant("the API key of this login was revoked or has expired");
  const auto issued = services.issuer.issue({.kind = AccessToken::Kind::user,
                                             .user_id = login.user_id,
                                             .client_id = login.client_id,
                                             .server_ids = std::move(server_ids),
                                             .role = login.role,
                                             .session = login.family},
                                            lifetime);
  if (!issued) return refuse_for_now(issued.error());
  const auto principal = principal_of(*user, login);
  const auto noted = services.audit.add({.principal = principal, .request_id = request.id},
                                        {.action = "token.issue", .object = issued->token.id, .outcome = "ok"});
  if (!noted) return refuse_for_now(noted.error());
  return token_answer(*issued, refresh_token.reveal());
}

/// What is asked for now, within what the login is for.
OAuthResult<std::vector<std::string>> wanted(OAuthServices& services, const Form& form, const Login& login) {
  const auto user = live_user(services, login);
  if (!user) return std::unexpected(user.error());
  auto ids = services.targets.read(form, principal_of(*user, login));
  return ids ? narrow(std::move(*ids), login.server_ids) : ids;
}

std::unexpected<OAuthError> not_yet(DevicePoll state) {
  switch (state) {
    case DevicePoll::pending:
      return refuse("authorization_pending", "nobody has decided yet");
    case DevicePoll::too_fast:
      return refuse("slow_down", "ask five seconds later from now on");
    case DevicePoll::denied:
      return refuse("access_denied", "the request was denied");
    case DevicePoll::expired:
      return refuse("expired_token", "the device code has expired");
    case DevicePoll::approved:
    case DevicePoll::not_known:
      break;
  }
  return invalid_grant("the device code is not valid");
}

}  // namespace

OAuthResult<Outgoing> grant_authorization_code(OAuthServices& services, const TokenRequest& request) {
  const auto client = public_client(services, request.client);
  if (!client) return std::unexpected(client.error());
  const auto& form = request.form;
  for (const auto* parameter : {"code", "redirect_uri", "code_verifier"}) {
    if (!form.has(parameter)) return refuse("invalid_request", std::string{parameter} + " is missing");
  }
  const auto& verifier = form.value("code_verifier");
  if (verifier.size() < min_verifier || verifier.size() > max_verifier) {
    return refuse("invalid_request", "code_verifier does not have 43 to 128 characters");
  }
  const auto begun = services.codes.redeem(form.value("code"), client->id, form.value("redirect_uri"), verifier);
  if (!begun) return refuse_for_now(begun.error());
  if (!*begun) return invalid_grant("the code is not valid, or was not issued for this request");
  const auto& login = (*begun)->login;
  auto ids = wanted(services, form, login);
  if (!ids) return std::unexpected(std::move(ids.error()));
  return answer(services, request, login, std::move(*ids), (*begun)->refresh_token);
}

OAuthResult<Outgoing> grant_device_code(OAuthServices& services, const TokenRequest& request) {
  const auto client = public_client(services, request.client);
  if (!client) return std::unexpected(client.error());
  if (!request.form.has("device_code")) return refuse("invalid_request", "device_code is missing");
  auto polled = services.devices.poll(request.form.value("device_code"), client->id);
  if (!polled) return refuse_for_now(polled.error());
  if (polled->state != DevicePoll::approved) return not_yet(polled->state);
  auto& login = polled->login;
  const auto user = live_user(services, login);
  if (!user) return std::unexpected(user.error());
  auto ids = services.targets.resolve(polled->resources, principal_of(*user, login));
  if (!ids) return std::unexpected(std::move(ids.error()));
  login.server_ids = *ids;
  const auto refresh_token = services.logins.begin(login);
  if (!refresh_token) return refuse_for_now(refresh_token.error());
  return answer(services, request, login, std::move(*ids), *refresh_token);
}

OAuthResult<Outgoing> grant_refresh_token(OAuthServices& services, const TokenRequest& request) {
  const auto client = public_client(services, request.client);
  if (!client) return std::unexpected(client.error());
  const auto& form = request.form;
  if (!form.has("refresh_token")) return refuse("invalid_request", "refresh_token is missing");
  const auto& token = form.value("refresh_token");
  const auto login = services.logins.find(token);
  if (!login) return refuse_for_now(login.error());
  std::vector<std::string> ids;
  if (*login && (*login)->client_id == client->id) {
    // Before the token is used up: whoever asks for too much keeps it.
    auto wanted_ids = wanted(services, form, **login);
    if (!wanted_ids) return std::unexpected(std::move(wanted_ids.error()));
    ids = std::move(*wanted_ids);
  }
  const auto next = services.logins.refresh(token, client->id);
  if (!next) return refuse_for_now(next.error());
  if (!*next || !*login) return invalid_grant("the refresh token is not valid");
  return answer(services, request, **login, std::move(ids), **next);
}

}  // namespace runagents::server
