#include <nlohmann/json.hpp>

#include "core/api/approval_connector_json.hpp"
#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

constexpr auto as_json = [](const auto& value) { return api::to_json(value); };

/// What is known of a connector's members; `type` is always "webhook".
Result<void> check_type(const nlohmann::ordered_json& json) {
  std::string type;
  api::Members members{json};
  members.text("type", type);
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (type.empty() || type == "webhook") return {};
  return fail(ErrorCode::usage, "there are no connectors of type \"" + type + "\"", "the type is webhook");
}

Result<Outgoing> create(ApprovalConnectors& connectors, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (auto fit = check_type(*json); !fit) return std::unexpected(std::move(fit.error()));
  model::ApprovalConnector connector;
  std::int64_t timeout = connector.timeout.count();
  api::Members members{*json};
  members.text("name", connector.name).text("endpoint", connector.endpoint).flag("enabled", connector.enabled);
  members.number("timeout_seconds", timeout);
  if (const Error* error = members.error()) return std::unexpected(*error);
  connector.timeout = std::chrono::seconds{timeout};
  const auto created = connectors.create(actor_of(request), std::move(connector));
  if (!created) return std::unexpected(created.error());
  return secret_answer(api::to_json(created->connector), "secret", created->secret.reveal(), 201);
}

Result<Outgoing> change(ApprovalConnectors& connectors, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (auto fit = check_type(*json); !fit) return std::unexpected(std::move(fit.error()));
  if (json->contains("endpoint")) {
    return fail(ErrorCode::usage, "the endpoint of a connector cannot be changed",
                "make another connector, which gets a key of its own");
  }
  std::string name;
  bool enabled = true;
  std::int64_t timeout = 0;
  api::Members members{*json};
  members.text("name", name).flag("enabled", enabled).number("timeout_seconds", timeout);
  if (const Error* error = members.error()) return std::unexpected(*error);
  ConnectorChange change;
  if (json->contains("name")) change.name = name;
  if (json->contains("enabled")) change.enabled = enabled;
  if (json->contains("timeout_seconds")) change.timeout = std::chrono::seconds{timeout};
  return object_answer(connectors.change(actor_of(request), request.parameter(0), change));
}

Result<Outgoing> activity(ApprovalNotices& notices, const Incoming& request) {
  constexpr std::uint32_t published_limit = 50;
  const auto paging = paging_of(request, published_limit);
  if (!paging) return std::unexpected(paging.error());
  return array_answer(request, notices.list(*paging), as_json);
}

}  // namespace

void add_approval_connector_routes(Router& router, ApprovalConnectors& connectors, ApprovalNotices& notices,
                                   AuditLog& audit) {
  add_change(router, audit, "POST", "/approval-connectors", Access::admin, "approval_connector.create",
             [&](const Incoming& request) { return create(connectors, request); })
      .says("creates a receiver of notices about approvals");
  router
      .add("GET", "/approval-connectors", Access::admin,
           [&](const Incoming& request) -> Result<Outgoing> {
             const auto paging = paging_of(request);
             if (!paging) return std::unexpected(paging.error());
             return array_answer(request, connectors.list(*paging), as_json);
           })
      .says("lists the receivers of notices about approvals");
  router
      .add("GET", "/approval-connectors/activity", Access::admin,
           [&](const Incoming& request) { return activity(notices, request); })
      .says("lists what was sent to them, and how that went");
  router
      .add("GET", "/approval-connectors/{}", Access::admin,
           [&](const Incoming& request) { return object_answer(connectors.get(request.parameter(0))); })
      .says("shows one receiver of notices");
  add_change(router, audit, "PATCH", "/approval-connectors/{}", Access::admin, "approval_connector.update",
             [&](const Incoming& request) { return change(connectors, request); })
      .says("changes a receiver of notices");
  add_change(router, audit, "DELETE", "/approval-connectors/{}", Access::admin, "approval_connector.delete",
             [&](const Incoming& request) {
               return object_answer(connectors.remove(actor_of(request), request.parameter(0)));
             })
      .says("deletes a receiver of notices");
}

}  // namespace runagents::server
