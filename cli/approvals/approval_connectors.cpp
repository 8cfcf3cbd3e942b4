#include <memory>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/secrets/secret_once.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;

struct ConnectorOptions {
  std::string name = {};
  std::string new_name = {};
  std::string url = {};
  std::chrono::seconds timeout{0};
  bool enable = false;
  bool disable = false;
  std::string secret_file = {};
  bool dry_run = false;
};

Result<Json> body_of(const ConnectorOptions& options) {
  if (options.enable && options.disable) return fail(ErrorCode::usage, "--enable and --disable exclude each other");
  Json body = Json::object();
  if (!options.new_name.empty()) body["name"] = options.new_name;
  if (options.timeout.count() > 0) body["timeout_seconds"] = options.timeout.count();
  if (options.enable || options.disable) body["enabled"] = options.enable;
  return body;
}

Outcome create(const ConnectorOptions& options, Context& context) {
  const SecretOnce secret{"secret", options.secret_file};
  auto body = body_of(options);
  if (!body) return std::unexpected(body.error());
  (*body)["name"] = options.name;
  (*body)["endpoint"] = options.url;
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(connector_kind(), *body, "would be created\n" + members_text(*body), context);
  }
  if (const auto ready = secret.check(context); !ready) return std::unexpected(ready.error());
  auto connector = client->post(Target{connector_kind().path}, *body);
  if (!connector) return std::unexpected(connector.error());
  return secret.hand_over(connector_kind(), std::move(*connector), "created\n", context);
}

Outcome update(const ConnectorOptions& options, Context& context) {
  const auto body = body_of(options);
  if (!body) return std::unexpected(body.error());
  if (body->empty()) {
    return fail(ErrorCode::usage, "nothing to change", "give --name, --timeout, --enable or --disable");
  }
  return change_object(connector_kind(), options.name, {.body = *body, .dry_run = options.dry_run}, context);
}

Flag timeout_flag(ConnectorOptions& options) {
  return {.name = "timeout",
          .value = "TIME",
          .summary = "how long one attempt may take",
          .binding = &options.timeout,
          .choices = {},
          .default_text = "10s"};
}

Command create_command() {
  auto options = std::make_shared<ConnectorOptions>();
  return {
      .name = "create",
      .summary = "have a webhook told of requests",
      .description =
          "Each new request is sent there as JSON, signed (Standard Webhooks) with a key that is shown this once or "
          "goes into a file.\nThe message has a link to the page on which an approver decides.",
      .examples = {{"runagents approvals connectors create chat https://hooks.example.com/approvals "
                    "--secret-file chat.key",
                    "its key in a file of mode 0600"}},
      .arguments = {{.name = "NAME", .summary = "what it is called", .binding = &options->name},
                    {.name = "URL", .summary = "where messages go", .binding = &options->url}},
      .flags = {timeout_flag(*options), switch_flag("disable", "send nothing yet", options->disable),
                secret_file_flag(options->secret_file, "key"), dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return create(*options, context); }};
}

Command update_command() {
  auto options = std::make_shared<ConnectorOptions>();
  return {.name = "update",
          .summary = "change an approval connector",
          .description =
              "What is not named stays. Another address is another connector, with a key of its own: create that one.",
          .examples = {{"runagents approvals connectors update chat --disable", "sends nothing until it is enabled"}},
          .arguments =
              {{.name = "NAME", .summary = "its name or id", .binding = &options->name, .means = Means::connector}},
          .flags = {{.name = "name", .value = "NAME", .summary = "another name", .binding = &options->new_name},
                    timeout_flag(*options),
                    switch_flag("enable", "send messages", options->enable),
                    switch_flag("disable", "send none", options->disable),
                    dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return update(*options, context); }};
}

Command activity_command() {
  auto command = list_objects_command(delivery_kind(), "list what was sent, and how that went", {},
                                      {{"runagents approvals connectors activity --limit 20", "the newest first"}});
  command.name = "activity";
  return command;
}

}  // namespace

Command approval_connectors_command() {
  const auto& kind = connector_kind();
  return {
      .name = "connectors",
      .summary = "webhooks that are told of requests",
      .commands = {list_objects_command(kind, "list approval connectors", {},
                                        {{"runagents approvals connectors list", "never their keys"}}),
                   get_object_command(kind, "show an approval connector",
                                      {{"runagents approvals connectors get chat", "by name, or by id"}}),
                   create_command(), update_command(),
                   act_on_objects_command(kind,
                                          {.verb = "delete",
                                           .done = "deleted",
                                           .summary = "delete approval connectors",
                                           .asks = true,
                                           .question_end = ", which leaves undelivered what is still to be sent"},
                                          {{"runagents approvals connectors delete chat --yes", "cannot be undone"}}),
                   activity_command()}};
}

}  // namespace runagents::cli
