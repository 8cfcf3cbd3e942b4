#include "cli/secrets/secrets.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/approvals/approvals.hpp"
#include "cli/confirm.hpp"
#include "cli/nearest.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"
#include "cli/secrets/hidden_input.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {
namespace {

using model::StoredSecret;

/// The control plane, for whoever is no agent.
Result<api::ControlPlane*> plane_for_people(Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  return context.control_plane();
}

Result<int> print(const std::string& text, const StoredSecret& secret, const Context& context) {
  const output::Card card{.text = text, .name = secret.name, .json = json_of(secret)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Result<config::Secret> read_value(const SecretsSet& options, const Context& context) {
  const auto& terminal = context.terminal;
  auto text = terminal.can_ask()
                  ? read_hidden_line(fmt::format("value of {} (it is not shown): ", options.name), terminal)
                  : read_piped(terminal, 2 * config::max_secret_bytes);
  if (!text) return std::unexpected(text.error());
  auto value = config::secret_in(*text);
  if (value) return value;
  return fail(ErrorCode::usage, "standard input " + value.error().message,
              "pipe the value in, as in: printf %s \"$VALUE\" | runagents secrets set " + options.name);
}

/// Names the nearest one that exists.
Error with_suggestion(Error error, const std::string& name, api::ControlPlane& plane) {
  if (error.code != ErrorCode::not_found) return error;
  std::vector<std::string> known;
  if (const auto secrets = plane.list_secrets()) {
    for (const auto& secret : *secrets) known.push_back(secret.name);
  }
  if (auto suggestion = did_you_mean(name, known); !suggestion.empty()) error.hint = std::move(suggestion);
  return error;
}

}  // namespace

Outcome set_secret(const SecretsSet& options, Context& context) {
  const auto plane = plane_for_people(context);
  if (!plane) return std::unexpected(plane.error());
  const auto value = read_value(options, context);
  if (!value) return std::unexpected(value.error());
  if (options.dry_run) {
    say_dry_run(context);
    return 0;
  }
  const auto secret = (*plane)->put_secret(options.name, *value);
  if (!secret) return std::unexpected(secret.error());
  return print(fmt::format("stored; write it as \"store:{}\"\n", secret->name), *secret, context);
}

Outcome list_secrets(Context& context) {
  const auto plane = plane_for_people(context);
  if (!plane) return std::unexpected(plane.error());
  const auto secrets = (*plane)->list_secrets();
  if (!secrets) return std::unexpected(secrets.error());
  output::Listing listing{.columns = {{.title = "NAME", .shrinks = true}, {"SET"}, {"CREATED"}},
                          .rows = {},
                          .when_empty = "no secrets (runagents secrets set NAME stores one)"};
  for (const auto& secret : *secrets) {
    listing.rows.push_back({.cells = {{secret.name},
                                      {output::relative(secret.updated_at, context.now())},
                                      {output::relative(secret.created_at, context.now())}},
                            .name = secret.name,
                            .json = json_of(secret)});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome get_secret(const SecretsGet& options, Context& context) {
  const auto plane = plane_for_people(context);
  if (!plane) return std::unexpected(plane.error());
  if (options.reveal) {
    const auto value = (*plane)->reveal_secret(options.name);
    if (!value) return std::unexpected(with_suggestion(value.error(), options.name, **plane));
    context.terminal.out << value->reveal() << "\n";
    return 0;
  }
  const auto secret = (*plane)->get_secret(options.name);
  if (!secret) return std::unexpected(with_suggestion(secret.error(), options.name, **plane));
  const auto text = output::labelled({{"name", secret->name},
                                      {"set", model::to_iso8601(secret->updated_at)},
                                      {"created", model::to_iso8601(secret->created_at)},
                                      {"value", "not shown; --reveal prints it"}});
  return print(text, *secret, context);
}

Outcome delete_secrets(const SecretsDelete& options, Context& context) {
  const auto plane = plane_for_people(context);
  if (!plane) return std::unexpected(plane.error());
  for (const auto& name : options.names) {
    const auto secret = (*plane)->get_secret(name);
    if (!secret) return std::unexpected(with_suggestion(secret.error(), name, **plane));
    if (options.dry_run) {
      say_dry_run(context);
    } else {
      const auto confirmed = confirm("delete the secret " + name + "?", options.yes, context.terminal);
      if (!confirmed) return std::unexpected(confirmed.error());
      if (const auto gone = (*plane)->delete_secret(name); !gone) return std::unexpected(gone.error());
    }
    const auto* verb = options.dry_run ? "would be deleted " : "deleted ";
    if (const auto printed = print(verb + name + "\n", *secret, context); !printed) return printed;
  }
  return 0;
}

Outcome rotate_store_key(bool dry_run, Context& context) {
  const auto plane = plane_for_people(context);
  if (!plane) return std::unexpected(plane.error());
  if (dry_run) {
    say_dry_run(context);
    return 0;
  }
  const auto count = (*plane)->rotate_store_key();
  if (!count) return std::unexpected(count.error());
  const output::Card card{.text = fmt::format("{} value{} sealed under a new key\n", *count, *count == 1 ? "" : "s"),
                          .name = std::to_string(*count),
                          .json = nlohmann::json{{"sealed", *count}}.dump()};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace runagents::cli
