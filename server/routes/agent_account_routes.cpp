#include <nlohmann/json.hpp>

#include "core/api/agent_account_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

Result<Outgoing> with_secret(const Result<AccountWithSecret>& made, int status) {
  if (!made) return std::unexpected(made.error());
  return secret_answer(api::to_json(made->account), "client_secret", made->client_secret.reveal(), status);
}

Result<Outgoing> create(AgentAccounts& accounts, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  std::string name;
  std::string description;
  api::Members members{*json};
  members.text("name", name).text("description", description);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return with_secret(accounts.create(actor_of(request), name, description), 201);
}

Result<Outgoing> list(AgentAccounts& accounts, const Incoming& request) {
  const auto paging = paging_of(request);
  const auto is_active = flag_of(request, "active", std::nullopt);
  if (!paging) return std::unexpected(paging.error());
  if (!is_active) return std::unexpected(is_active.error());
  const AccountFilter filter{.owner = request.query("owner_user_id"), .is_active = *is_active};
  return data_answer(request, accounts.list(actor_of(request), filter, *paging),
                     [](const model::AgentAccount& account) { return api::to_json(account); });
}

Result<Outgoing> change(AgentAccounts& accounts, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  AccountChange change;
  const auto has = [&](const char* name) { return json->contains(name) && !(*json)[name].is_null(); };
  api::Members members{*json};
  if (has("name")) members.text("name", change.name.emplace());
  if (has("description")) members.text("description", change.description.emplace());
  if (has("is_active")) members.flag("is_active", change.is_active.emplace());
  if (const Error* error = members.error()) return std::unexpected(*error);
  return object_answer(accounts.change(actor_of(request), request.parameter(0), change));
}

Result<Outgoing> rotate(AgentAccounts& accounts, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  std::uint32_t grace = 0;
  api::Members members{*json};
  members.number("grace_seconds", grace);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return with_secret(accounts.rotate_secret(actor_of(request), request.parameter(0), std::chrono::seconds{grace}), 200);
}

}  // namespace

void add_agent_account_routes(Router& router, AgentAccounts& accounts, AuditLog& audit) {
  const auto set_active = [&accounts](const Incoming& request, bool is_active) {
    return object_answer(accounts.change(actor_of(request), request.parameter(0), {.is_active = is_active}));
  };
  add_change(router, audit, "POST", "/agent-accounts", Access::developer, "agent_account.create",
             [&](const Incoming& request) { return create(accounts, request); })
      .says("makes an agent account; its client secret is shown this once");
  router.add("GET", "/agent-accounts", Access::user, [&](const Incoming& request) { return list(accounts, request); })
      .says("lists the agent accounts")
      .with({"limit", "cursor", "active", "owner_user_id"});
  router
      .add("GET", "/agent-accounts/{}", Access::user,
           [&](const Incoming& request) { return object_answer(accounts.get(request.parameter(0))); })
      .says("an agent account");
  add_change(router, audit, "PATCH", "/agent-accounts/{}", Access::developer, "agent_account.update",
             [&](const Incoming& request) { return change(accounts, request); })
      .says("changes an agent account");
  add_change(
      router, audit, "DELETE", "/agent-accounts/{}", Access::developer, "agent_account.delete",
      [&](const Incoming& request) { return object_answer(accounts.remove(actor_of(request), request.parameter(0))); })
      .says("deletes an agent account");
  add_change(router, audit, "POST", "/agent-accounts/{}/rotate-secret", Access::developer,
             "agent_account.rotate_secret", [&](const Incoming& request) { return rotate(accounts, request); })
      .says("gives an agent account a new client secret, which is shown this once");
  add_change(router, audit, "POST", "/agent-accounts/{}/deactivate", Access::developer, "agent_account.deactivate",
             [set_active](const Incoming& request) { return set_active(request, false); })
      .says("keeps an agent account from acting, at once");
  add_change(router, audit, "POST", "/agent-accounts/{}/reactivate", Access::developer, "agent_account.reactivate",
             [set_active](const Incoming& request) { return set_active(request, true); })
      .says("lets a deactivated agent account act again");
}

}  // namespace runagents::server
