#include "cli/secrets/secret_value.hpp"

#include "cli/secrets/hidden_input.hpp"

namespace runagents::cli {

Result<config::Secret> secret_value(const model::SecretReference& reference, Context& context) {
  const auto stored = [&context](std::string_view name) -> Result<config::Secret> {
    const auto plane = context.local_control_plane();
    if (!plane) return std::unexpected(plane.error());
    return (*plane)->reveal_secret(name);
  };
  return config::resolve(reference, context.working_directory, std::chrono::seconds{30}, stored);
}

Result<config::Secret> secret_value(const std::string& reference, Context& context) {
  if (reference == "-") {
    auto text = context.terminal.can_ask() ? read_hidden_line("secret (it is not shown): ", context.terminal)
                                           : read_piped(context.terminal, 2 * config::max_secret_bytes);
    if (!text) return std::unexpected(std::move(text.error()));
    auto secret = config::secret_in(*text);
    if (!secret) return fail(ErrorCode::usage, "standard input " + secret.error().message);
    return secret;
  }
  const auto parsed = config::parse_secret_reference(reference);
  if (!parsed) {
    return fail(ErrorCode::usage, "a secret " + parsed.error().message,
                "write env:NAME, file:PATH, store:NAME, exec:CMD or keyring:SERVICE/ACCOUNT, or - for standard input");
  }
  return secret_value(*parsed, context);
}

}  // namespace runagents::cli
