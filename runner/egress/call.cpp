#include "runner/egress/call.hpp"

#include "runner/egress/snapshot.hpp"

namespace runagents::egress {

std::string Call::upstream() const { return arrival->door == Door::ingress ? "the agent" : tool->title(); }

std::string Call::url() const {
  if (host.empty()) return {};
  const model::BaseUrl base{std::string{scheme}, std::string{host}, port, {}};
  std::string text{scheme};
  text.append("://").append(base.authority()).append(path);
  if (has_query) text.append("?").append(query);
  return text;
}

policy::Operation Call::operation() const noexcept {
  policy::Operation operation;
  operation.tool = tool;
  operation.method = mcp ? mcp->operation(method()) : method();
  operation.path = path;
  if (mcp) operation.arguments = mcp->arguments();
  if (const auto* route = inference ? inference->route() : nullptr; route != nullptr) {
    operation.method = route->model;
    if (route->is_named) operation.unmatched = model::Permission::allow;
  }
  if (!end_user.empty()) {
    operation.end_user = policy::EndUser{end_user, std::nullopt};
    if (user && !user->groups.empty()) operation.end_user->groups = user->groups;
  }
  operation.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return operation;
}

std::vector<policy::Operation> Call::for_others(const policy::Operation& operation) const {
  std::vector<policy::Operation> others;
  for (const auto& one : may_be_for) {
    if (!one) continue;
    others.push_back(operation);
    others.back().end_user = policy::EndUser{one->id, std::nullopt};
    if (!one->groups.empty()) others.back().end_user->groups = one->groups;
  }
  return others;
}

void Call::reset(const Arrival& where) {
  auto keep_id = std::move(request_id);
  auto keep_scratch = std::move(path_scratch);
  auto keep_approval = std::move(approval_id);
  *this = Call{};
  keep_id.clear();
  keep_approval.clear();
  request_id = std::move(keep_id);
  path_scratch = std::move(keep_scratch);
  approval_id = std::move(keep_approval);
  arrival = &where;
  started = Clock::now();
}

}  // namespace runagents::egress
