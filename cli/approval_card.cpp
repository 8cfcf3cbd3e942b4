#include <fmt/format.h>

#include "cli/approvals.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalStatus;
using output::Colour;
using output::paint;
using output::printable;

std::string headline(const model::ApprovalRequest& request, model::Time now, bool colour) {
  const bool pending = request.status == ApprovalStatus::pending;
  auto line = fmt::format("{}  {}  asked {}", printable(request.id),
                          paint(word(request.status), pending ? Colour::yellow : Colour::bold, colour),
                          output::relative(request.created_at, now));
  if (pending) line += ", expires " + output::relative(request.expires_at, now);
  return line + "\n";
}

std::string decision_of(const model::ApprovalRequest& request) {
  if (request.approver.empty()) return {};
  auto text = "by " + request.approver;
  if (request.scope) text += fmt::format(", scope {}", word(*request.scope));
  if (!request.reason.empty()) text += ": " + request.reason;
  return text;
}

std::string list_of(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string details(const model::ApprovalRequest& request) {
  const auto& action = request.action;
  auto body = std::string{"none"};
  if (request.body_bytes > 0) {
    body = fmt::format("{}{}, SHA-256 {}", output::bytes(request.body_bytes),
                       request.content_type.empty() ? "" : " of " + request.content_type, action.body_sha256);
  }
  return output::labelled({
      {"agent", action.agent},
      {"run", request.run_id},
      {"for", action.end_user.empty() ? "nobody (no end user)" : action.end_user},
      {"tool", action.tool},
      {"operation", action.capability.empty() ? "any (the tool declares none)" : action.capability},
      {"because", fmt::format("policy {}, rule {}", request.policy, request.rule)},
      {"approvers", list_of(request.approver_groups)},
      {"body", body},
      {"decision", decision_of(request)},
  });
}

std::string scopes(const model::ApprovalRequest& request) {
  const auto& action = request.action;
  const auto operation = action.capability.empty() ? fmt::format("any operation of {}", action.tool)
                                                   : fmt::format("{} of {}", action.capability, action.tool);
  const auto window =
      fmt::format("any operation of {} by {} for {}, for {} (--duration)", action.tool, action.agent,
                  action.end_user.empty() ? "nobody" : action.end_user, output::duration(request.default_duration));
  return "\nWhat each scope allows\n" +
         output::labelled({{"  once", "this very call, one time; with another body it is asked for again"},
                           {"  run", fmt::format("{}, with any body, in this run", operation)},
                           {"  window", window}}) +
         fmt::format("\n  runagents approvals approve {0}\n  runagents approvals reject {0} --reason WHY\n",
                     printable(request.id.substr(0, 8)));
}

}  // namespace

std::string approval_card(const model::ApprovalRequest& request, model::Time now, bool colour) {
  auto card = headline(request, now, colour);
  card += fmt::format("\n  {} {}\n\n", paint(printable(request.action.method), Colour::bold, colour),
                      paint(printable(request.action.url), Colour::bold, colour));
  card += details(request);
  if (!request.body_preview.empty()) card += "\n" + output::printable_lines(request.body_preview, "    ");
  if (request.status == ApprovalStatus::pending) card += scopes(request);
  return card;
}

}  // namespace runagents::cli
