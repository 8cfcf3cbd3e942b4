#include "cli/approvals.hpp"

#include <fmt/format.h>
#include <ostream>
#include <pwd.h>
#include <set>
#include <unistd.h>

#include "cli/objects.hpp"
#include "cli/outage.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;
using output::Colour;

constexpr std::chrono::milliseconds watch_interval{250};

Colour colour_of(ApprovalStatus status) {
  switch (status) {
    case ApprovalStatus::pending:
      return Colour::yellow;
    case ApprovalStatus::approved:
      return Colour::green;
    case ApprovalStatus::rejected:
      return Colour::red;
    case ApprovalStatus::expired:
      return Colour::dim;
  }
  return Colour::plain;
}

output::Row row_of(const ApprovalRequest& request, model::Time now) {
  return {.cells = {{request.id.substr(0, 8)},
                    {std::string{word(request.status)}, colour_of(request.status)},
                    {request.action.agent},
                    {request.action.method + " " + request.action.url},
                    {request.action.end_user},
                    {fmt::format("{}#{}", request.policy, request.rule)},
                    {output::relative(request.created_at, now)}},
          .name = request.id,
          .json = json_of(request)};
}

output::Listing listing_of(const std::vector<ApprovalRequest>& requests, std::string when_empty, model::Time now) {
  output::Listing listing{.columns = {{"ID"},
                                      {"STATUS"},
                                      {"AGENT"},
                                      {.title = "CALL", .shrinks = true},
                                      {.title = "USER", .shrinks = true},
                                      {"RULE"},
                                      {"ASKED"}},
                          .rows = {},
                          .when_empty = std::move(when_empty)};
  for (const auto& request : requests) listing.rows.push_back(row_of(request, now));
  return listing;
}

std::optional<ApprovalStatus> status_of(const std::string& text) {
  for (const auto status :
       {ApprovalStatus::pending, ApprovalStatus::approved, ApprovalStatus::rejected, ApprovalStatus::expired}) {
    std::string lower;
    for (const char c : word(status)) lower += static_cast<char>(c | 0x20);
    if (lower == text) return status;
  }
  return std::nullopt;
}

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
  context.terminal.out << output::paint(request.id.substr(0, 8), Colour::yellow, context.terminal.colour_out) << "  "
                       << output::printable(fmt::format("{}  {} {}{}  {}#{}", action.agent, action.method, action.url,
                                                        user, request.policy, request.rule))
                       << '\n';
  return {};
}

}  // namespace

std::string local_user() {
  const auto* entry = ::getpwuid(::getuid());
  return entry == nullptr ? fmt::format("uid {}", ::getuid()) : std::string{entry->pw_name};
}

Outcome list_approvals(const ApprovalsList& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto requests = (*plane)->list_approvals(
      {.status = status_of(options.status), .agent = options.agent, .run_id = options.run, .limit = options.limit});
  if (!requests) return std::unexpected(requests.error());
  const auto listing = listing_of(*requests, "no approval requests", context.now());
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome get_approval(const ApprovalsGet& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto request = (*plane)->get_approval(options.id);
  if (!request) return std::unexpected(request.error());
  const output::Card card{.text = approval_card(*request, context.now(), context.terminal.colour_out),
                          .name = request->id,
                          .json = json_of(*request)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome watch_approvals(const ApprovalsWatch& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  if (context.terminal.err_is_terminal) context.terminal.err << "waiting for approval requests; Ctrl-C ends\n";
  const auto end = context.now() + options.timeout;
  std::set<std::string> seen;
  std::optional<Outage> outage;  // of a server that has answered before
  while (context.terminal.out.good()) {
    const auto requests = (*plane)->list_approvals(
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

}  // namespace runagents::cli
