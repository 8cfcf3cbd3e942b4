#include <utility>

#include "server/oauth/client_authentication.hpp"
#include "server/oauth/token_facts.hpp"
#include "server/presented.hpp"

namespace runagents::server {
namespace {

std::unexpected<OAuthError> not_authenticated(std::string_view scheme) {
  OAuthError error{
      .status = 401, .error = "invalid_client", .description = "no valid credentials came with the request"};
  error.fields.emplace_back("www-authenticate", std::string{scheme} + R"( realm="runagents")");
  return std::unexpected(std::move(error));
}

OAuthResult<TokenCaller> by_person(const Result<Principal>& found) {
  // A token that is for MCP servers is no credential here.
  if (found && !found->audiences.empty()) return not_authenticated("Bearer");
  if (found) return TokenCaller{.person = *found, .client_id = found->client_id, .is_authenticated = true};
  if (found.error().code == ErrorCode::unavailable) return refuse_for_now(found.error());
  return not_authenticated("Bearer");
}

}  // namespace

OAuthResult<TokenCaller> read_caller(OAuthServices& services, const Incoming& request, const Form& form) {
  const auto presented = presented_credentials(request.request().fields);
  if (!presented) return refuse("invalid_request", presented.error().message);
  if (!presented->empty()) {
    if (form.has("client_secret") || presented->size() > 1) {
      return refuse("invalid_request", "the client authenticates in two ways at once");
    }
    const auto credential = presented->front();
    return by_person(ApiKeys::looks_like_key(credential) ? services.api_keys.find(credential)
                                                         : services.bearer.find(credential));
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
