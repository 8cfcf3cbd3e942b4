#include "cli/approvals/approvals.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include "cli/approvals/approval_card.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;
using output::Colour;

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
  const output::Card card{
      .text = approval_card(*request, context.now(), context.terminal.colour_out, context.terminal.width),
      .name = request->id,
      .json = json_of(*request)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace runagents::cli
