#include <fmt/format.h>
#include <ostream>

#include "cli/approvals/approvals.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;

/// Every request that was named, before any is decided: a wrong id in a list decides nothing.
Result<std::vector<ApprovalRequest>> find_all(const std::vector<std::string>& ids, api::ControlPlane& plane) {
  std::vector<ApprovalRequest> requests;
  for (const auto& id : ids) {
    auto request = plane.get_approval(id);
    if (!request) return std::unexpected(request.error());
    requests.push_back(std::move(*request));
  }
  return requests;
}

Result<void> print_changed(const ApprovalRequest& request, std::string_view verb, const Context& context) {
  const auto& action = request.action;
  const auto line = fmt::format("{} {}: {} {} for {}\n", verb, request.id, output::printable(action.method),
                                output::printable(action.url),
                                action.end_user.empty() ? "nobody" : output::printable(action.end_user));
  return output::print(output::Card{.text = line, .name = request.id, .json = json_of(request)}, context.output,
                       context.terminal);
}

template <class Decide>
Outcome decide_all(const std::vector<std::string>& ids, bool dry_run, std::string_view verb, Context& context,
                   Decide&& decide) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto requests = find_all(ids, **plane);
  if (!requests) return std::unexpected(requests.error());
  for (const auto& request : *requests) {
    if (dry_run) {
      if (request.status != model::ApprovalStatus::pending) {
        return fail(ErrorCode::conflict, fmt::format("approval {} is {} already", request.id, word(request.status)));
      }
      say_dry_run(context);
    }
    const auto changed = dry_run ? Result<ApprovalRequest>{request} : decide(**plane, request);
    if (!changed) return std::unexpected(changed.error());
    const auto said = dry_run ? fmt::format("would be {}", verb) : std::string{verb};
    const auto printed = print_changed(*changed, said, context);
    if (!printed) return std::unexpected(printed.error());
  }
  return 0;
}

}  // namespace

Outcome approve(const Approve& options, Context& context) {
  const auto scope = model::scope_of(options.scope);
  if (!scope) {
    return fail(ErrorCode::usage, fmt::format("no scope \"{}\"", options.scope), "there are once, run, window");
  }
  if (options.duration.count() > 0 && *scope != model::Scope::window) {
    return fail(
        ErrorCode::usage, fmt::format("--duration goes with --scope window, not with {}", options.scope),
        options.scope == "once" ? "a \"once\" approval ends with its call" : "a \"run\" approval ends with its run");
  }
  api::ApprovalDecision decision{.scope = *scope, .duration = {}, .approver = local_user(), .reason = options.reason};
  if (options.duration.count() > 0) decision.duration = options.duration;
  return decide_all(
      options.ids, options.dry_run, fmt::format("approved ({})", options.scope), context,
      [&](api::ControlPlane& plane, const ApprovalRequest& request) { return plane.approve(request.id, decision); });
}

Outcome reject(const Reject& options, Context& context) {
  const auto approver = local_user();
  return decide_all(options.ids, options.dry_run, "rejected", context,
                    [&](api::ControlPlane& plane, const ApprovalRequest& request) {
                      return plane.reject(request.id, approver, options.reason);
                    });
}

}  // namespace runagents::cli
