#include <fmt/format.h>
#include <ostream>

#include "cli/approvals/approvals.hpp"
#include "cli/connection/contexts.hpp"
#include "cli/secrets/hidden_input.hpp"
#include "core/api/http_transport.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {
namespace {

constexpr const char* first_context = "default";

/// The context whose values are meant.
Result<std::string> context_to_change(Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->context.empty()) {
    return fail(ErrorCode::usage, "the endpoint comes from the environment, which no command can change",
                "unset RUNAGENTS_ENDPOINT, or name a context with --context");
  }
  return (*connection)->context;
}

Outcome set_endpoint(const ConfigSet& options, Context& context) {
  auto endpoint = api::checked_endpoint(options.value, allows_insecure_transport(context.environment));
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  auto name = context_to_change(context);
  if (!name) return std::unexpected(std::move(name.error()));
  if (*name == config::local_context) *name = first_context;
  if (!options.dry_run) {
    const auto changed = change_user_configuration(context, [&](config::UserConfiguration& all) -> Result<void> {
      auto* one = all.find(*name);
      if (one == nullptr) one = &all.contexts.emplace_back(config::ControlPlaneContext{.name = *name, .endpoint = {}});
      // The credential of one server is not for another one.
      if (one->endpoint != *endpoint) *one = {.name = *name, .endpoint = *endpoint};
      if (all.current_context == config::local_context) all.current_context = *name;
      return {};
    });
    if (!changed) return std::unexpected(changed.error());
  }
  context.terminal.err << fmt::format("{} context \"{}\": {}\n", options.dry_run ? "would set" : "set", *name,
                                      *endpoint);
  return 0;
}

Result<config::Secret> read_key(const Context& context) {
  const auto& terminal = context.terminal;
  auto text = terminal.can_ask() ? read_hidden_line("API key (it is not shown): ", terminal)
                                 : read_piped(terminal, 2 * config::max_secret_bytes);
  if (!text) return std::unexpected(text.error());
  auto key = config::secret_in(*text);
  if (key) return key;
  return fail(ErrorCode::usage, "standard input " + key.error().message,
              "pipe the key in: printf %s \"$KEY\" | runagents config set api-key");
}

Outcome set_api_key(const ConfigSet& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  if (!options.value.empty()) {
    return fail(ErrorCode::usage, "a key on the command line can be read by every process of this machine",
                "pipe it in: printf %s \"$KEY\" | runagents config set api-key");
  }
  const auto name = context_to_change(context);
  if (!name) return std::unexpected(name.error());
  if (*name == config::local_context) {
    return fail(ErrorCode::usage, "the store of this machine needs no key",
                "first: runagents config set endpoint https://runagents.example.com");
  }
  const auto key = read_key(context);
  if (!key) return std::unexpected(key.error());
  const auto secret = "api-key." + *name;
  if (!options.dry_run) {
    const auto plane = context.local_control_plane();
    if (!plane) return std::unexpected(plane.error());
    if (const auto stored = (*plane)->put_secret(secret, *key); !stored) return std::unexpected(stored.error());
    const auto changed = change_user_configuration(context, [&](config::UserConfiguration& all) -> Result<void> {
      auto* one = all.find(*name);
      if (one == nullptr) return fail(ErrorCode::conflict, fmt::format("the context \"{}\" is gone", *name));
      one->credential = model::SecretReference{model::SecretReference::Kind::store, secret};
      one->session.reset();
      return {};
    });
    if (!changed) return std::unexpected(changed.error());
  }
  context.terminal.err << fmt::format("{} as store:{} for the context \"{}\"\n",
                                      options.dry_run ? "would be stored" : "stored", secret, *name);
  return 0;
}

}  // namespace

Outcome get_config(const std::string& key, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  const auto& one = **connection;
  std::string value;
  if (key == "endpoint") value = one.endpoint;
  if (key == "context") value = one.context;
  if (key == "api-key" && one.credential) value = one.credential->to_string();
  if (value.empty()) return fail(ErrorCode::not_found, fmt::format("there is no {} for {}", key, one.label()));
  context.terminal.out << value << '\n';
  return 0;
}

Outcome set_config(const ConfigSet& options, Context& context) {
  if (options.key == "api-key") return set_api_key(options, context);
  if (options.value.empty()) {
    return fail(ErrorCode::usage, "the value is missing", fmt::format("runagents config set {} VALUE", options.key));
  }
  if (options.key == "endpoint") return set_endpoint(options, context);
  return use_context({.name = options.value, .yes = false, .dry_run = options.dry_run}, context);
}

}  // namespace runagents::cli
