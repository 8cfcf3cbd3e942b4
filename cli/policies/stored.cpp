#include "cli/policies/stored.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/objects/kinds.hpp"
#include "cli/output/print.hpp"
#include "cli/tools/tool_arguments.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

/// These members of an object, as far as they are there.
Json picked(const Json& object, std::initializer_list<const char*> members) {
  Json kept = Json::object();
  for (const auto* member : members) {
    if (object.contains(member)) kept[member] = object[member];
  }
  return kept;
}

/// Null: whoever asks.
Result<Json> principal_of(const PolicyQuestion& options, api::Client& client) {
  Json principal;
  if (!options.user.empty()) {
    const auto user = find_object(user_kind(), options.user, client);
    if (!user) return std::unexpected(user.error());
    principal["user"] = picked(*user, {"id", "email", "name", "role", "groups", "attributes"});
  }
  if (!options.account.empty()) {
    const auto account = find_object(account_kind(), options.account, client);
    if (!account) return std::unexpected(account.error());
    principal["agent_account"] = picked(*account, {"id", "name"});
  }
  return principal;
}

std::string decision_text(const Json& decision, const PolicyQuestion& options) {
  return fmt::format("{}  {} on {}\n", output::printable(text_of(decision, "decision")),
                     output::printable(options.tool), output::printable(options.server)) +
         members_text(picked(decision, {"reason", "policy", "rule", "side", "approver_groups", "is_listed"}));
}

int exit_of(const std::string& decision) {
  if (decision == "allow") return 0;
  return exit_code(decision == "approval_required" ? ErrorCode::needs_person : ErrorCode::forbidden);
}

}  // namespace

Outcome evaluate_policies(const PolicyQuestion& options, Context& context) {
  const auto arguments = tool_arguments(options.arguments, options.words, context);
  if (!arguments) return std::unexpected(arguments.error());
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto server = find_object(server_kind(), options.server, *client);
  if (!server) return std::unexpected(server.error());
  const auto principal = principal_of(options, *client);
  if (!principal) return std::unexpected(principal.error());
  Json body = {{"server", picked(*server, {"id", "name", "url"})}, {"tool_name", options.tool}};
  if (!options.arguments.empty() || !options.words.empty()) body["arguments"] = *arguments;
  if (!principal->is_null()) body["principal"] = *principal;
  const auto decision = client->post(Target{"/policies/evaluate"}, body);
  if (!decision) return std::unexpected(decision.error());
  const output::Card card{
      .text = decision_text(*decision, options), .name = text_of(*decision, "decision"), .json = api::dump(*decision)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return options.check ? exit_of(text_of(*decision, "decision")) : 0;
}

}  // namespace runagents::cli
