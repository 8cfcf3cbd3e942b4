#include <fmt/format.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/confirm.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;

struct Rotate {
  std::string algorithm = {};
  bool at_once = false;
  bool yes = false;
  bool dry_run = false;
};

Outcome rotate(const Rotate& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) {
    const auto keys = client->list(Target{signing_key_kind().path});
    if (!keys) return std::unexpected(keys.error());
    say_dry_run(context);
    return print_objects(signing_key_kind(), *keys, context);
  }
  if (options.at_once) {
    const auto leave = confirm("rotate the signing key at once? every token that was issued stops working", options.yes,
                               context.terminal);
    if (!leave) return std::unexpected(leave.error());
  }
  Json body = {{"at_once", options.at_once}};
  if (!options.algorithm.empty()) body["algorithm"] = options.algorithm;
  const auto key = client->post(Target{signing_key_kind().path}.segment("rotate"), body);
  if (!key) return std::unexpected(key.error());
  return print_object(signing_key_kind(), *key, "made\n" + members_text(*key), context);
}

Command rotate_command() {
  auto options = std::make_shared<Rotate>();
  return {.name = "rotate",
          .summary = "make a new key that signs tokens",
          .description =
              "The new key is published first and signs ten minutes later; the one before it is accepted until what it "
              "signed has expired.\nWith --at-once nothing that was issued before is accepted any more, for a key that "
              "somebody got hold of.",
          .examples = {{"runagents signing-keys rotate", "nobody notices"},
                       {"runagents signing-keys rotate --at-once --yes", "every agent needs a new token"}},
          .flags = {{.name = "algorithm",
                     .value = "NAME",
                     .summary = "how it signs",
                     .binding = &options->algorithm,
                     .choices = {"ES256", "RS256"},
                     .default_text = "ES256"},
                    switch_flag("at-once", "refuse what the other keys signed", options->at_once),
                    yes_flag(options->yes),
                    dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return rotate(*options, context); }};
}

}  // namespace

Command signing_keys_command() {
  return {.name = "signing-keys",
          .summary = "the keys with which a control plane signs tokens",
          .commands = {list_objects_command(signing_key_kind(), "list the keys that are accepted", {},
                                            {{"runagents signing-keys list", "the newest first"}}),
                       rotate_command()}};
}

}  // namespace runagents::cli
