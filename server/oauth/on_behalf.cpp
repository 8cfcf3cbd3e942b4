#include "server/oauth/on_behalf.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace runagents::server {
namespace {

using std::chrono::seconds;

Principal principal_of(const model::AgentAccount& account, const model::User* user) {
  Principal principal{.kind = user != nullptr ? Principal::Kind::delegated : Principal::Kind::account};
  principal.account = AccountFacts{.id = account.id, .name = account.name};
  principal.client_id = account.client_id;
  if (user != nullptr) principal.user = facts_of(*user);
  return principal;
}

/// The record of a token comes before it is handed out: none goes out that is not in it.
OAuthResult<void> note(OAuthServices& services, const Actor& actor, const AccessToken& token) {
  const auto noted = services.audit.add(
      actor, {.action = "token.issue", .account_id = token.account_id, .object = token.id, .outcome = "ok"});
  if (!noted) return refuse_for_now(noted.error());
  return {};
}

/// Whether it is recorded does not change the refusal.
std::unexpected<OAuthError> note_refusal(OAuthServices& services, const Actor& actor,
                                         const model::AgentAccount& account, const NamedUser& named,
                                         std::unexpected<OAuthError> refusal) {
  static_cast<void>(services.audit.add(actor, {.action = "token.issue",
                                               .user_id = named.user ? named.user->id : "",
                                               .account_id = account.id,
                                               .outcome = "refused"}));
  return refusal;
}

std::unexpected<OAuthError> no_delegation() { return refuse("invalid_grant", "No valid delegation", 403); }

std::unexpected<OAuthError> deactivated() {
  auto refusal = refuse("invalid_grant", "Delegator user is deactivated", 403);
  refusal.error().detail = refusal.error().description;
  return refusal;
}

bool may_use(const model::Delegation& delegation, const std::vector<std::string>& server_ids) {
  return !delegation.server_ids || std::ranges::all_of(server_ids, [&](const std::string& id) {
    return std::ranges::find(*delegation.server_ids, id) != delegation.server_ids->end();
  });
}

OAuthResult<IssuedToken> issue(OAuthServices& services, const Actor& actor, AccessToken token, seconds lifetime) {
  auto issued = services.issuer.issue(std::move(token), lifetime);
  if (!issued) return refuse_for_now(issued.error());
  if (auto noted = note(services, actor, issued->token); !noted) return std::unexpected(std::move(noted.error()));
  return *std::move(issued);
}

}  // namespace

OAuthResult<IssuedToken> issue_on_behalf(OAuthServices& services, const model::AgentAccount& account,
                                         const NamedUser& named, const std::vector<std::string>& allowed,
                                         const TokenRequest& request) {
  const auto alone = principal_of(account, nullptr);
  const auto refuse_noted = [&](std::unexpected<OAuthError> refusal) {
    return note_refusal(services, {.principal = alone, .request_id = request.id}, account, named, std::move(refusal));
  };
  if (!named.user) return refuse_noted(no_delegation());
  const auto delegation = services.delegations.active_for(account.id, named.user->id);
  if (!delegation) return refuse_for_now(delegation.error());
  const auto lifetime = *delegation ? lifetime_until((*delegation)->expires_at) : seconds{0};
  if (lifetime < seconds{1}) return refuse_noted(no_delegation());
  if (!named.user->is_active) return refuse_noted(deactivated());

  const auto principal = principal_of(account, &*named.user);
  auto wanted = services.targets.read(request.form, principal);
  for (const auto& limit : {allowed, named.server_ids}) {
    if (wanted) wanted = narrow(std::move(*wanted), limit);
  }
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  if (!may_use(**delegation, *wanted)) return refuse("invalid_target", "the delegation is not for this resource");
  return issue(services, {.principal = principal, .request_id = request.id},
               {.kind = AccessToken::Kind::delegated,
                .account_id = account.id,
                .user_id = named.user->id,
                .client_id = account.client_id,
                .server_ids = std::move(*wanted)},
               lifetime);
}

OAuthResult<IssuedToken> issue_for_account(OAuthServices& services, const model::AgentAccount& account,
                                           const TokenRequest& request) {
  const auto principal = principal_of(account, nullptr);
  auto wanted = services.targets.read(request.form, principal);
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  return issue(services, {.principal = principal, .request_id = request.id},
               {.kind = AccessToken::Kind::account,
                .account_id = account.id,
                .client_id = account.client_id,
                .server_ids = std::move(*wanted)},
               SigningKeys::max_token_lifetime);
}

}  // namespace runagents::server
