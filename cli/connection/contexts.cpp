#include "cli/connection/contexts.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/approvals/approvals.hpp"
#include "cli/confirm.hpp"
#include "cli/nearest.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/output/print.hpp"
#include "core/api/http_transport.hpp"
#include "core/config/directories.hpp"
#include "core/config/file_lock.hpp"
#include "core/config/secret.hpp"
#include "core/config/words.hpp"

namespace runagents::cli {
namespace {

using config::ControlPlaneContext;
using config::UserConfiguration;

std::string credential_text(const ControlPlaneContext& one) {
  if (one.session) return "login";
  return one.credential ? one.credential->to_string() : std::string{};
}

std::string json_of(const ControlPlaneContext& one, bool is_current) {
  nlohmann::ordered_json json = {{"name", one.name}, {"endpoint", one.endpoint}, {"current", is_current}};
  if (one.credential) json["credential"] = one.credential->to_string();
  if (one.session) json["session"] = one.session->to_string();
  if (!one.ca_file.empty()) json["ca_file"] = one.ca_file;
  return json.dump();
}

output::Row row_of(const ControlPlaneContext& one, bool is_current) {
  return {.cells = {{is_current ? "*" : "", output::Colour::green},
                    {one.name},
                    {one.endpoint.empty() ? "(the store of this machine)" : one.endpoint},
                    {credential_text(one)}},
          .name = one.name,
          .json = json_of(one, is_current)};
}

Outcome print(std::string text, const ControlPlaneContext& one, bool is_current, const Context& context) {
  const output::Card card{.text = std::move(text), .name = one.name, .json = json_of(one, is_current)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

ControlPlaneContext local() { return {.name = std::string{config::local_context}, .endpoint = {}}; }

Result<ControlPlaneContext> find(const std::string& name, const UserConfiguration& configuration) {
  if (name == config::local_context) return local();
  if (const auto* found = configuration.find(name)) return *found;
  std::vector<std::string> names{std::string{config::local_context}};
  for (const auto& one : configuration.contexts) names.push_back(one.name);
  return fail(ErrorCode::not_found, fmt::format("no context \"{}\"", name), did_you_mean(name, names));
}

Result<ControlPlaneContext> read_context(const ContextAdd& options, const Context& context) {
  if (!config::is_name(options.name) || options.name == config::local_context) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" cannot be the name of a context", options.name),
                R"(lower-case letters, digits, "-", "_" and "."; "local" is the store of this machine)");
  }
  auto endpoint = api::checked_endpoint(options.endpoint, allows_insecure_transport(context.environment));
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  ControlPlaneContext made{.name = options.name, .endpoint = std::move(*endpoint)};
  if (!options.credential.empty()) {
    auto reference = config::parse_secret_reference(options.credential);
    if (!reference) return fail(ErrorCode::usage, "--credential " + reference.error().message, reference.error().hint);
    made.credential = std::move(*reference);
  }
  if (!options.ca_file.empty()) {
    const auto path = context.working_directory / options.ca_file;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      return fail(ErrorCode::usage, "--ca-file: " + path.string() + " is no file");
    }
    made.ca_file = path.lexically_normal().string();
  }
  return made;
}

/// What was put into the encrypted store for this context and nothing else.
std::vector<std::string> own_secrets(const ControlPlaneContext& one) {
  std::vector<std::string> names;
  for (const auto& reference : {one.credential, one.session}) {
    if (!reference || reference->kind != model::SecretReference::Kind::store) continue;
    if (reference->value == "api-key." + one.name || reference->value == "session." + one.name) {
      names.push_back(reference->value);
    }
  }
  return names;
}

}  // namespace

Result<UserConfiguration> user_configuration(const Context& context) {
  const auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  return config::read_user_configuration(config::user_configuration_file(directories->configuration));
}

Result<void> change_user_configuration(const Context& context,
                                       const std::function<Result<void>(UserConfiguration&)>& change) {
  const auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  const auto file = config::user_configuration_file(directories->configuration);
  if (auto made = config::make_private_directory(file.parent_path()); !made) return made;
  const auto lock = config::FileLock::wait(file.string() + ".lock");
  if (!lock) return std::unexpected(lock.error());
  auto configuration = config::read_user_configuration(file);
  if (!configuration) return std::unexpected(std::move(configuration.error()));
  if (auto changed = change(*configuration); !changed) return changed;
  return config::write_user_configuration(file, *configuration);
}

Outcome list_contexts(Context& context) {
  const auto configuration = user_configuration(context);
  if (!configuration) return std::unexpected(configuration.error());
  const auto is_current = [&](const ControlPlaneContext& one) { return one.name == configuration->current_context; };
  output::Listing listing{
      .columns = {{""}, {"NAME"}, {.title = "ENDPOINT", .shrinks = true}, {.title = "CREDENTIAL", .shrinks = true}},
      .rows = {},
      .when_empty = {}};
  listing.rows.push_back(row_of(local(), is_current(local())));
  for (const auto& one : configuration->contexts) listing.rows.push_back(row_of(one, is_current(one)));
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome use_context(const ContextName& options, Context& context) {
  if (options.dry_run) {
    const auto configuration = user_configuration(context);
    if (!configuration) return std::unexpected(configuration.error());
    const auto found = find(options.name, *configuration);
    if (!found) return std::unexpected(found.error());
    say_dry_run(context);
    return print(fmt::format("would speak to {}\n", options.name), *found, true, context);
  }
  ControlPlaneContext chosen;
  const auto changed = change_user_configuration(context, [&](UserConfiguration& configuration) -> Result<void> {
    auto found = find(options.name, configuration);
    if (!found) return std::unexpected(std::move(found.error()));
    chosen = std::move(*found);
    configuration.current_context = options.name;
    return {};
  });
  if (!changed) return std::unexpected(changed.error());
  return print(fmt::format("commands speak to {} from now on\n", options.name), chosen, true, context);
}

Outcome add_context(const ContextAdd& options, Context& context) {
  const auto made = read_context(options, context);
  if (!made) return std::unexpected(made.error());
  bool is_current = options.use;
  if (options.dry_run) {
    say_dry_run(context);
    return print(fmt::format("would add {}\n", made->name), *made, is_current, context);
  }
  const auto changed = change_user_configuration(context, [&](UserConfiguration& configuration) -> Result<void> {
    if (configuration.find(made->name) != nullptr) {
      return fail(ErrorCode::conflict, fmt::format("there is a context \"{}\" already", made->name),
                  "remove it first: runagents context remove " + made->name);
    }
    configuration.contexts.push_back(*made);
    if (options.use) configuration.current_context = made->name;
    is_current = configuration.current_context == made->name;
    return {};
  });
  if (!changed) return std::unexpected(changed.error());
  return print(fmt::format("added {}{}\n", made->name, is_current ? ", the current one" : ""), *made, is_current,
               context);
}

Outcome remove_context(const ContextName& options, Context& context) {
  const auto configuration = user_configuration(context);
  if (!configuration) return std::unexpected(configuration.error());
  const auto found = find(options.name, *configuration);
  if (!found) return std::unexpected(found.error());
  if (found->name == config::local_context) return fail(ErrorCode::usage, "the local context is always there");
  if (options.dry_run) {
    say_dry_run(context);
    return print(fmt::format("would remove {}\n", found->name), *found, false, context);
  }
  const auto confirmed =
      confirm(fmt::format("remove the context {}, and the credential that is stored for it?", found->name), options.yes,
              context.terminal);
  if (!confirmed) return std::unexpected(confirmed.error());
  const auto changed = change_user_configuration(context, [&](UserConfiguration& now) -> Result<void> {
    std::erase_if(now.contexts, [&](const ControlPlaneContext& one) { return one.name == found->name; });
    if (now.current_context == found->name) now.current_context = config::local_context;
    return {};
  });
  if (!changed) return std::unexpected(changed.error());
  for (const auto& name : own_secrets(*found)) {
    const auto plane = context.local_control_plane();
    if (!plane) return std::unexpected(plane.error());
    const auto gone = (*plane)->delete_secret(name);
    if (!gone && gone.error().code != ErrorCode::not_found) return std::unexpected(gone.error());
  }
  return print(fmt::format("removed {}\n", found->name), *found, false, context);
}

Outcome show_context(const ContextName& options, Context& context) {
  const auto configuration = user_configuration(context);
  if (!configuration) return std::unexpected(configuration.error());
  ControlPlaneContext shown;
  if (options.name.empty()) {
    const auto connection = context.connection();
    if (!connection) return std::unexpected(connection.error());
    shown = {.name = (*connection)->context,
             .endpoint = (*connection)->endpoint,
             .credential = (*connection)->credential,
             .session = (*connection)->session,
             .ca_file = (*connection)->ca_file};
  } else {
    auto found = find(options.name, *configuration);
    if (!found) return std::unexpected(std::move(found.error()));
    shown = std::move(*found);
  }
  const auto text =
      output::labelled({{"context", shown.name.empty() ? "(of the environment)" : shown.name},
                        {"endpoint", shown.endpoint.empty() ? "(the store of this machine)" : shown.endpoint},
                        {"credential", credential_text(shown)},
                        {"ca_file", shown.ca_file}});
  return print(text, shown, shown.name == configuration->current_context, context);
}

}  // namespace runagents::cli
