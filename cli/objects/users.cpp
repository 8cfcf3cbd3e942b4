#include <fmt/format.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

struct UserOptions {
  std::string who = {};
  std::string name = {};
  std::string role = {};
  std::vector<std::string> groups = {};
  std::vector<std::string> attributes = {};
  bool dry_run = false;
};

Result<Json> body_of(const UserOptions& options) {
  Json body = Json::object();
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.role.empty()) body["role"] = options.role;
  if (!options.groups.empty()) body["groups"] = options.groups;
  for (const auto& attribute : options.attributes) {
    const auto equals = attribute.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::usage, fmt::format("--attribute: \"{}\" is not NAME=VALUE", attribute));
    }
    body["attributes"][attribute.substr(0, equals)] = attribute.substr(equals + 1);
  }
  return body;
}

Outcome create(const UserOptions& options, Context& context) {
  auto body = body_of(options);
  if (!body) return std::unexpected(body.error());
  (*body)["email"] = options.who;
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(user_kind(), *body, "would be created\n" + members_text(*body), context);
  }
  const auto user = client->post(api::Target{user_kind().path}, *body);
  if (!user) return std::unexpected(user.error());
  return print_object(user_kind(), *user, "created\n" + members_text(*user), context);
}

Outcome update(const UserOptions& options, Context& context) {
  const auto body = body_of(options);
  if (!body) return std::unexpected(body.error());
  if (body->empty()) return fail(ErrorCode::usage, "nothing to change", "give --name, --role, --group or --attribute");
  return change_object(user_kind(), options.who, {.body = *body, .dry_run = options.dry_run}, context);
}

std::vector<Flag> user_flags(UserOptions& options) {
  return {{.name = "name", .value = "NAME", .summary = "what they are called", .binding = &options.name},
          {.name = "role",
           .value = "ROLE",
           .summary = "what they may do here",
           .binding = &options.role,
           .choices = {"user", "developer", "admin"}},
          {.name = "group", .value = "NAME", .summary = "a group; may be repeated", .binding = &options.groups},
          {.name = "attribute",
           .value = "NAME=VALUE",
           .summary = "what policies may ask for; may be repeated",
           .binding = &options.attributes},
          dry_run_flag(options.dry_run)};
}

Command create_command() {
  auto options = std::make_shared<UserOptions>();
  return {.name = "create",
          .summary = "make a user",
          .examples = {{"runagents users create ada@example.com --role developer --group finance", "with a group"}},
          .arguments = {{.name = "EMAIL", .summary = "their address", .binding = &options->who}},
          .flags = user_flags(*options),
          .prints_objects = true,
          .run = [options](Context& context) { return create(*options, context); }};
}

Command update_command() {
  auto options = std::make_shared<UserOptions>();
  return {
      .name = "update",
      .summary = "change a user",
      .description = "What is not named stays; groups and attributes that are given stand for all of them.",
      .examples = {{"runagents users update ada@example.com --role admin", "may do everything from now on"}},
      .arguments = {{.name = "USER", .summary = "address, id or name", .binding = &options->who, .means = Means::user}},
      .flags = user_flags(*options),
      .prints_objects = true,
      .run = [options](Context& context) { return update(*options, context); }};
}

}  // namespace

Command users_command() {
  const auto& kind = user_kind();
  return {
      .name = "users",
      .summary = "the people of a control plane",
      .commands = {
          list_objects_command(kind, "list users", {}, {{"runagents users list", "active and not"}}),
          get_object_command(kind, "show a user", {{"runagents users get ada@example.com", "by address, or by id"}}),
          create_command(), update_command(),
          act_on_objects_command(kind,
                                 {.verb = "deactivate",
                                  .done = "deactivated",
                                  .summary = "stop users from doing anything, and agent accounts from acting for them",
                                  .route = "deactivate",
                                  .asks = true},
                                 {{"runagents users deactivate ada@example.com --yes", "until reactivated"}}),
          act_on_objects_command(
              kind,
              {.verb = "reactivate", .done = "reactivated", .summary = "let users in again", .route = "reactivate"},
              {{"runagents users reactivate ada@example.com", "with what they had"}})}};
}

}  // namespace runagents::cli
