#include <nlohmann/json.hpp>

#include "core/api/audit_json.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

constexpr std::uint32_t published_page = 50;

Result<Outgoing> list(AuditLog& audit, const Incoming& request) {
  const auto paging = paging_of(request, published_page);
  const auto from = time_of(request, "start_date");
  const auto until = time_of(request, "end_date");
  if (!paging) return std::unexpected(paging.error());
  if (!from) return std::unexpected(from.error());
  if (!until) return std::unexpected(until.error());
  const AuditFilter filter{.action = request.query("action_type"),
                           .server = request.query("server_id"),
                           .account = request.query("agent_id"),
                           .user = request.query("user_id"),
                           .actor = request.query("actor_id"),
                           .from = *from,
                           .until = *until};
  return data_answer(request, audit.list(actor_of(request), filter, *paging),
                     [](const model::AuditEntry& entry) { return api::to_json(entry); });
}

}  // namespace

void add_audit_routes(Router& router, AuditLog& audit) {
  router.add("GET", "/auditlogs", Access::user, [&](const Incoming& request) { return list(audit, request); })
      .says("lists what was done, the newest first")
      .with(
          {"limit", "cursor", "start_date", "end_date", "action_type", "server_id", "agent_id", "user_id", "actor_id"});
}

}  // namespace runagents::server
