#include <fmt/format.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/secrets/secret_once.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

struct KeyCreate {
  std::string name = {};
  std::string user = {};
  std::string role = {};
  std::chrono::seconds expires_in{0};
  std::string secret_file = {};
  bool dry_run = false;
};

Outcome create(const KeyCreate& options, Context& context) {
  const SecretOnce secret{"key", options.secret_file};
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  Json body = {{"name", options.name}};
  if (!options.role.empty()) body["role"] = options.role;
  if (options.expires_in.count() > 0) body["expires_at"] = model::to_iso8601(context.now() + options.expires_in);
  if (!options.user.empty()) {
    const auto user = id_of(user_kind(), options.user, *client);
    if (!user) return std::unexpected(user.error());
    body["user_id"] = *user;
  }
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(api_key_kind(), body, "would be created\n" + members_text(body), context);
  }
  if (const auto ready = secret.check(context); !ready) return std::unexpected(ready.error());
  auto key = client->post(api::Target{api_key_kind().path}, body);
  if (!key) return std::unexpected(key.error());
  return secret.hand_over(api_key_kind(), std::move(*key), "created\n", context);
}

Command create_command() {
  auto options = std::make_shared<KeyCreate>();
  return {
      .name = "create",
      .summary = "make an API key",
      .description = "It does what its user may do, or less with --role. It is shown this once, or goes into a file.",
      .examples = {{"runagents api-keys create ci --expires 90d --secret-file ci.key", "for a script"}},
      .arguments = {{.name = "NAME", .summary = "what it is called", .binding = &options->name}},
      .flags = {{.name = "user",
                 .value = "USER",
                 .summary = "whose it is (default: yours)",
                 .binding = &options->user,
                 .means = Means::user},
                {.name = "role",
                 .value = "ROLE",
                 .summary = "what it may do at most",
                 .binding = &options->role,
                 .choices = {"user", "developer", "admin"}},
                {.name = "expires", .value = "TIME", .summary = "how long it works", .binding = &options->expires_in},
                secret_file_flag(options->secret_file, "key"),
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return create(*options, context); }};
}

}  // namespace

Command api_keys_command() {
  const auto& kind = api_key_kind();
  const ObjectAction revocation{.verb = "revoke",
                                .done = "revoked",
                                .summary = "make API keys worthless",
                                .asks = true,
                                .looks = LooksUp::in_list};
  auto deletion = revocation;
  deletion.verb = "delete";
  deletion.summary = "the same as revoke: they stay in the list";
  return {.name = "api-keys",
          .summary = "keys with which scripts do what a user may",
          .commands = {
              list_objects_command(kind, "list API keys",
                                   {{"user", "user", "USER", "of this user; administrators only", Means::user}},
                                   {{"runagents api-keys list", "yours; never the keys themselves"}}),
              get_object_command(kind, "show an API key, never the key itself",
                                 {{"runagents api-keys get ci", "when it was used last"}}, LooksUp::in_list),
              create_command(),
              act_on_objects_command(kind, revocation, {{"runagents api-keys revoke ci --yes", "at once, for good"}}),
              act_on_objects_command(kind, deletion, {{"runagents api-keys delete ci --yes", "at once, for good"}})}};
}

}  // namespace runagents::cli
