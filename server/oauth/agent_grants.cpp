#include <optional>
#include <utility>

#include "server/oauth/grants.hpp"
#include "server/oauth/named_user.hpp"
#include "server/oauth/on_behalf.hpp"

namespace runagents::server {
namespace {

/// One side of an exchange.
struct Side {
  std::optional<AccessToken> account_token;  ///< the agent account's; nothing: it is the user's side
  std::optional<NamedUser> user;
};

OAuthResult<void> check_pair(const Form& form, const std::string& parameter) {
  const auto type = parameter + "_type";
  if (form.has(parameter) && !form.has(type)) return refuse("invalid_request", type + " is missing");
  if (!form.has(parameter) && form.has(type)) {
    return refuse("invalid_request", type + " comes without " + parameter);
  }
  if (form.has(type) && !is_known_token_type(form.value(type))) {
    return refuse("invalid_request", type + " is not supported");
  }
  return {};
}

TypedToken typed(const Form& form, std::string_view parameter) {
  return {.parameter = parameter, .token = form.value(parameter), .type = form.value(std::string{parameter} + "_type")};
}

OAuthResult<Side> read_side(OAuthServices& services, const TypedToken& named) {
  Side side;
  if (!is_user_name_type(named.type) && services.issuer.claims_to_be_ours(named.token)) {
    auto token = services.issuer.verify(named.token);
    if (!token && token.error().code != ErrorCode::unauthenticated) return refuse_for_now(token.error());
    if (!token) return refuse("invalid_request", "the " + std::string{named.parameter} + " is not a valid token");
    if (token->kind == AccessToken::Kind::account) {
      side.account_token = std::move(*token);
      return side;
    }
  }
  auto user = find_named_user(services, named);
  if (!user) return std::unexpected(std::move(user.error()));
  side.user = std::move(*user);
  return side;
}

OAuthResult<void> check_requested_type(const Form& form) {
  const auto& wanted = form.value("requested_token_type");
  if (wanted.empty() || wanted == access_token_type) return {};
  return refuse("invalid_request", "requested_token_type is not supported: access tokens are issued");
}

/// The account of a token that was issued before, if it may still act.
OAuthResult<model::AgentAccount> live_account(OAuthServices& services, const AccessToken& token) {
  auto account = services.accounts.get(token.account_id);
  if (account && account->is_active) return *std::move(account);
  if (!account && account.error().code != ErrorCode::not_found) return refuse_for_now(account.error());
  return refuse_client("the agent account is deactivated", false);
}

/// A client need not say who it is: its token does. If it does all the same, it has to be the one of the token.
OAuthResult<void> check_client(OAuthServices& services, const ClientCredentials& client,
                               const model::AgentAccount& account) {
  if (client.id.empty()) return {};
  if (!client.secret.empty()) {
    const auto authenticated = authenticate(client, services.accounts);
    if (!authenticated) return std::unexpected(authenticated.error());
  }
  if (client.id == account.client_id) return {};
  return refuse("invalid_request", "the client is another one than that of the agent token");
}

}  // namespace

OAuthResult<Outgoing> grant_client_credentials(OAuthServices& services, const TokenRequest& request) {
  const auto account = authenticate(request.client, services.accounts);
  if (!account) return std::unexpected(account.error());
  const auto& form = request.form;
  if (auto pair = check_pair(form, "actor_token"); !pair) return std::unexpected(std::move(pair.error()));
  if (!form.has("actor_token")) {
    const auto issued = issue_for_account(services, *account, request);
    if (!issued) return std::unexpected(issued.error());
    return token_answer(*issued);
  }
  const auto named = find_named_user(services, typed(form, "actor_token"));
  if (!named) return std::unexpected(named.error());
  const auto issued = issue_on_behalf(services, *account, *named, {}, request);
  if (!issued) return std::unexpected(issued.error());
  return token_answer(*issued);
}

OAuthResult<Outgoing> grant_token_exchange(OAuthServices& services, const TokenRequest& request) {
  const auto& form = request.form;
  for (const auto* parameter : {"subject_token", "actor_token"}) {
    if (auto pair = check_pair(form, parameter); !pair) return std::unexpected(std::move(pair.error()));
    if (!form.has(parameter)) return refuse("invalid_request", std::string{parameter} + " is missing");
  }
  if (auto type = check_requested_type(form); !type) return std::unexpected(std::move(type.error()));
  auto first = read_side(services, typed(form, "subject_token"));
  if (!first) return std::unexpected(std::move(first.error()));
  auto second = read_side(services, typed(form, "actor_token"));
  if (!second) return std::unexpected(std::move(second.error()));
  if (first->account_token.has_value() == second->account_token.has_value()) {
    return refuse("invalid_request", "one of subject_token and actor_token is an agent account, the other one a user");
  }
  const auto& agent = first->account_token ? *first : *second;
  const auto& user = first->account_token ? *second : *first;
  const auto account = live_account(services, *agent.account_token);
  if (!account) return std::unexpected(account.error());
  if (auto client = check_client(services, request.client, *account); !client) {
    return std::unexpected(std::move(client.error()));
  }
  const auto issued = issue_on_behalf(services, *account, *user.user, agent.account_token->server_ids, request);
  if (!issued) return std::unexpected(issued.error());
  return token_answer(*issued);
}

}  // namespace runagents::server
