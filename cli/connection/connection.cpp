#include "cli/connection/connection.hpp"

#include <array>
#include <fmt/format.h>

#include "cli/nearest.hpp"
#include "core/api/http_transport.hpp"

namespace runagents::cli {
namespace {

using model::SecretReference;

/// The first of these variables that holds something.
template <std::size_t count>
std::string_view first_set(const std::array<std::string_view, count>& names, const Environment& environment) {
  for (const auto name : names) {
    if (!environment(name).value_or("").empty()) return name;
  }
  return {};
}

constexpr std::array<std::string_view, 3> endpoint_variables = {"RUNAGENTS_ENDPOINT", "RUNLAYER_URL",
                                                                "RUNLAYER_BASE_URL"};
constexpr std::array<std::string_view, 2> key_variables = {"RUNAGENTS_API_KEY", "RUNLAYER_API_KEY"};

std::optional<SecretReference> key_of(const Environment& environment) {
  const auto name = first_set(key_variables, environment);
  if (name.empty()) return std::nullopt;
  return SecretReference{SecretReference::Kind::env, std::string{name}};
}

std::unexpected<Error> unknown_context(const std::string& name, const config::UserConfiguration& configuration) {
  std::vector<std::string> names{std::string{config::local_context}};
  for (const auto& context : configuration.contexts) names.push_back(context.name);
  auto hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("there are {}; runagents context add makes one", fmt::join(names, ", "));
  return fail(ErrorCode::configuration, fmt::format("no context \"{}\"", name), std::move(hint));
}

Result<Connection> named(const std::string& name, const Environment& environment,
                         const config::UserConfiguration& configuration) {
  if (name == config::local_context) return Connection{};
  const auto* context = configuration.find(name);
  if (context == nullptr) return unknown_context(name, configuration);
  auto endpoint = api::checked_endpoint(context->endpoint, allows_insecure_transport(environment));
  if (!endpoint) {
    return fail(ErrorCode::configuration, fmt::format("context \"{}\": {}", name, endpoint.error().message),
                endpoint.error().hint);
  }
  Connection connection{.context = name,
                        .endpoint = std::move(*endpoint),
                        .ca_file = context->ca_file,
                        .credential = context->credential,
                        .session = context->session};
  if (!connection.credential && !connection.session) connection.credential = key_of(environment);
  return connection;
}

}  // namespace

bool allows_insecure_transport(const Environment& environment) {
  return environment("RUNAGENTS_ALLOW_INSECURE_TRANSPORT") == "1" ||
         environment("RUNLAYER_ALLOW_INSECURE_TRANSPORT") == "1";
}

Result<Connection> choose_connection(const std::string& flag, const Environment& environment,
                                     const config::UserConfiguration& configuration) {
  if (!flag.empty()) return named(flag, environment, configuration);
  if (const auto name = environment("RUNAGENTS_CONTEXT").value_or(""); !name.empty()) {
    return named(name, environment, configuration);
  }
  const auto variable = first_set(endpoint_variables, environment);
  if (variable.empty()) return named(configuration.current_context, environment, configuration);
  auto endpoint = api::checked_endpoint(*environment(variable), allows_insecure_transport(environment));
  if (!endpoint) {
    return fail(ErrorCode::configuration, fmt::format("{}: {}", variable, endpoint.error().message),
                endpoint.error().hint);
  }
  return Connection{.context = {},
                    .endpoint = std::move(*endpoint),
                    .ca_file = environment("RUNAGENTS_CA_FILE").value_or(""),
                    .credential = key_of(environment)};
}

}  // namespace runagents::cli
