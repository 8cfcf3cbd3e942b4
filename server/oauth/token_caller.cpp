#include <utility>

#include "core/ascii.hpp"
#include "server/oauth/token_facts.hpp"

namespace runagents::server {
namespace {

std::unexpected<OAuthError> not_authenticated(std::string_view scheme) {
  OAuthError error{
      .status = 401, .error = "invalid_client", .description = "no valid credentials came with the request"};
  error.fields.emplace_back("www-authenticate", std::string{scheme} + R"( realm="runagents")");
  return std::unexpected(std::move(error));
}

OAuthResult<TokenCaller> by_person(const Result<Principal>& found) {
  if (found) return TokenCaller{.person = *found, .client_id = found->client_id, .is_authenticated = true};
  if (found.error().code == ErrorCode::unavailable) return refuse_for_now(found.error());
  return not_authenticated("Bearer");
}

std::string_view bearer(const Incoming& request) {
  const auto authorization = request.field("authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!lowered(authorization.substr(0, scheme.size())).starts_with(scheme)) return {};
  const auto token = authorization.substr(scheme.size());
  return token.substr(std::min(token.find_first_not_of(' '), token.size()));
}

}  // namespace

OAuthResult<TokenCaller> read_caller(OAuthServices& services, const Incoming& request, const Form& form) {
  auto key = request.field("x-runlayer-api-key");
  if (key.empty()) key = request.field("x-runagents-api-key");
  const auto token = bearer(request);
  if (ApiKeys::looks_like_key(token)) key = token;
  if (!key.empty() || !token.empty()) {
    if (form.has("client_secret")) return refuse("invalid_request", "the client authenticates in two ways at once");
    return by_person(key.empty() ? services.bearer.find(token) : services.api_keys.find(key));
  }
  const auto client = read_client(request, form);
  if (!client) return std::unexpected(client.error());
  if (client->id.empty()) return not_authenticated("Basic");
  if (!client->secret.empty()) {
    const auto account = authenticate(*client, services.accounts);
    if (!account) return std::unexpected(account.error());
    return TokenCaller{.person = {}, .client_id = account->client_id, .is_authenticated = true};
  }
  const auto found = services.clients.find(client->id);
  if (!found) return refuse_for_now(found.error());
  if (!*found) return not_authenticated("Basic");
  return TokenCaller{.person = {}, .client_id = client->id, .is_authenticated = false};
}

}  // namespace runagents::server
