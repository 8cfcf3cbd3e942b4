#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <ostream>
#include <set>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/runs/outage.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

struct AuditOptions {
  std::string action = {};
  std::string server = {};
  std::string account = {};
  std::string user = {};
  std::string from = {};
  std::string until = {};
  std::uint32_t limit = 50;
  std::chrono::seconds timeout{0};
};

/// The filter under its published names (`action_type`, `start_date`, ...).
Result<api::Target> target_of(const AuditOptions& options, api::Client& client) {
  api::Target target{audit_kind().path};
  target.parameter("action_type", options.action);
  const auto add = [&](const char* parameter, const ObjectKind& kind, const std::string& name) -> Result<void> {
    if (name.empty()) return {};
    const auto id = id_of(kind, name, client);
    if (!id) return std::unexpected(id.error());
    target.parameter(parameter, *id);
    return {};
  };
  if (auto added = add("server_id", server_kind(), options.server); !added) return std::unexpected(added.error());
  if (auto added = add("agent_id", account_kind(), options.account); !added) return std::unexpected(added.error());
  if (auto added = add("user_id", user_kind(), options.user); !added) return std::unexpected(added.error());
  target.parameter("start_date", options.from).parameter("end_date", options.until);
  return target;
}

Outcome list(const AuditOptions& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto target = target_of(options, *client);
  if (!target) return std::unexpected(target.error());
  const auto entries = client->list(*target, options.limit);
  if (!entries) return std::unexpected(entries.error());
  return print_objects(audit_kind(), *entries, context);
}

/// Prints what is new, the oldest first, and goes on until the time is up or somebody interrupts.
Outcome tail(const AuditOptions& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto target = target_of(options, *client);
  if (!target) return std::unexpected(target.error());
  auto printing = context.output;
  // A table of one row at a time has a title for each.
  if (printing.format == output::Format::json || printing.format == output::Format::table) {
    printing.format = output::Format::jsonl;
  }
  std::swap(context.output, printing);
  constexpr std::chrono::milliseconds step{1000};
  constexpr std::size_t newest = 200;
  constexpr std::size_t shown_first = 10;
  std::set<std::string> seen;
  Outage outage{context};
  for (auto waited = std::chrono::milliseconds{0};; waited += step) {
    const bool is_first = seen.empty();
    auto entries = client->list(*target, newest);
    if (!entries && !is_first && outage.sit_out(entries.error())) continue;
    if (!entries) return std::unexpected(entries.error());
    outage.end();
    std::erase_if(*entries, [&](const Json& one) { return !seen.insert(api::text_of(one, "id")).second; });
    if (is_first) entries->resize(std::min(entries->size(), shown_first));
    std::ranges::reverse(*entries);
    if (const auto printed = print_objects(audit_kind(), *entries, context); !printed) return printed;
    context.terminal.out.flush();
    if (options.timeout.count() > 0 && waited + step > options.timeout) return 0;
    if (!context.pause(step)) return 0;
  }
}

std::vector<Flag> filter_flags(AuditOptions& options) {
  return {
      {.name = "action", .value = "WORD", .summary = "this kind of action only", .binding = &options.action},
      {.name = "server",
       .value = "NAME",
       .summary = "about this MCP server",
       .binding = &options.server,
       .means = Means::server},
      {.name = "account",
       .value = "NAME",
       .summary = "about this agent account",
       .binding = &options.account,
       .means = Means::account},
      {.name = "user", .value = "USER", .summary = "about this user", .binding = &options.user, .means = Means::user}};
}

Command list_command() {
  auto options = std::make_shared<AuditOptions>();
  auto flags = filter_flags(*options);
  flags.push_back({.name = "from", .value = "TIME", .summary = "not before (ISO 8601)", .binding = &options->from});
  flags.push_back({.name = "until", .value = "TIME", .summary = "not after (ISO 8601)", .binding = &options->until});
  flags.push_back(limit_flag(options->limit));
  return {
      .name = "list",
      .summary = "list who did what, the newest first",
      .examples = {{"runagents audit list --account billing-bot", "what an agent account did and what was done to it"}},
      .flags = std::move(flags),
      .prints_objects = true,
      .run = [options](Context& context) { return list(*options, context); }};
}

Command tail_command() {
  auto options = std::make_shared<AuditOptions>();
  auto flags = filter_flags(*options);
  flags.push_back({.name = "timeout",
                   .value = "TIME",
                   .summary = "how long to go on",
                   .binding = &options->timeout,
                   .choices = {},
                   .default_text = "until Ctrl-C"});
  return {.name = "tail",
          .summary = "print audit entries as they come, one JSON object on a line",
          .examples = {{"runagents audit tail --action tool.call", "calls of tools"}},
          .flags = std::move(flags),
          .prints_objects = true,
          .run = [options](Context& context) { return tail(*options, context); }};
}

}  // namespace

Command audit_command() {
  return {
      .name = "audit", .summary = "who did what in the control plane", .commands = {list_command(), tail_command()}};
}

}  // namespace runagents::cli
