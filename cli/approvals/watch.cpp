#include <fmt/format.h>
#include <ostream>
#include <set>

#include "cli/approvals/approvals.hpp"
#include "cli/approvals/view.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/print.hpp"
#include "cli/runs/outage.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;
using output::Colour;

constexpr std::chrono::milliseconds watch_interval{250};
constexpr std::chrono::milliseconds remote_interval{1000};

Result<void> print_new(const ApprovalRequest& request, const Context& context) {
  const auto& action = request.action;
  if (context.output.format != output::Format::table || !context.output.fields.empty()) {
    auto options = context.output;
    // An endless list has no closing bracket: every object stands on a line of its own.
    if (options.format == output::Format::json) options.format = output::Format::jsonl;
    return output::print(output::Card{.text = {}, .name = request.id, .json = json_of(request)}, options,
                         context.terminal);
  }
  const auto user = action.end_user.empty() ? std::string{} : " for " + action.end_user;
  const auto line = output::paint(request.id.substr(0, 8), Colour::yellow, context.terminal.colour_out) + "  " +
                    output::printable(fmt::format("{}  {} {}{}  {}#{}", action.agent, action.method, action.url, user,
                                                  request.policy, request.rule));
  context.terminal.out << output::fitted(line, context.terminal.width) << '\n';
  return {};
}

/// A line for each request, as they come.
Outcome watch_lines(const ApprovalsWatch& options, api::ControlPlane& plane, Context& context) {
  if (context.terminal.err_is_terminal) context.terminal.err << "waiting for approval requests; Ctrl-C ends\n";
  const auto end = context.now() + options.timeout;
  std::set<std::string> seen;
  std::optional<Outage> outage;  // of a server that has answered before
  while (context.terminal.out.good()) {
    const auto requests = plane.list_approvals(
        {.status = ApprovalStatus::pending, .agent = options.agent, .run_id = options.run, .limit = 0});
    if (!requests && outage && outage->sit_out(requests.error())) continue;
    if (!requests) return std::unexpected(requests.error());
    if (outage) outage->end();
    if (!outage) outage.emplace(context);
    for (const auto& request : *requests) {
      if (!seen.insert(request.id).second) continue;
      const auto printed = print_new(request, context);
      if (!printed) return std::unexpected(printed.error());
    }
    context.terminal.out.flush();
    if (options.timeout.count() > 0 && context.now() >= end) return 0;
    if (!context.pause(watch_interval)) return 0;
  }
  return 0;
}

Outcome watch_live(const ApprovalsWatch& options, api::ControlPlane& plane, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  // What is wrong from the start is said in the usual way.
  const auto first = plane.list_approvals(
      {.status = ApprovalStatus::pending, .agent = options.agent, .run_id = options.run, .limit = 1});
  if (!first) return std::unexpected(first.error());
  const bool is_local = (*connection)->is_local();
  ApprovalsView::Settings settings{.place = is_local ? "this machine" : (*connection)->label(),
                                   .agent = options.agent,
                                   .run = options.run,
                                   .approver = local_user()};
  if (const auto allowed = refuse_agents(context); !allowed) settings.may_not_decide = allowed.error();
  ApprovalsView view{std::move(settings)};
  return live::show(view, plane, {.poll = is_local ? watch_interval : remote_interval, .timeout = options.timeout},
                    context);
}

}  // namespace

Outcome watch_approvals(const ApprovalsWatch& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  return live::can_show(context) ? watch_live(options, **plane, context) : watch_lines(options, **plane, context);
}

}  // namespace runagents::cli
