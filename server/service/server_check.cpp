#include "server/service/server_check.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "core/config/address.hpp"
#include "core/config/secret.hpp"
#include "core/config/url.hpp"
#include "core/config/words.hpp"
#include "core/policy/target.hpp"
#include "server/service/plain_text.hpp"

namespace runagents::server {
namespace {

using model::AuthType;
using model::McpServer;
using model::McpTransport;

constexpr std::size_t max_words = 256;

std::unexpected<Error> unfit(std::string_view what, std::string_view why) {
  return fail(ErrorCode::usage, "\"" + std::string{what} + "\" " + std::string{why});
}

// The text may hold a password and is not repeated.
Result<void> canonicalize(std::string_view what, std::string& url, bool has_credentials) {
  const auto target = policy::parse_target(url);
  if (!target) return unfit(what, "is not an http or https URL with one reading");
  if (config::kind_of_host(target->authority.host) == config::HostKind::forbidden) {
    return unfit(what, "leads to an address that is never called");
  }
  if (has_credentials && config::leaves_in_clear(target->scheme, target->authority.host)) {
    return unfit(what, "must be https, since credentials are sent there");
  }
  url = target->to_string();
  return {};
}

Result<void> check_texts(std::string_view what, const std::vector<std::string>& texts) {
  if (texts.size() > max_words) return unfit(what, "has too many words");
  for (const auto& text : texts) {
    if (text.size() > max_description_bytes || text.contains('\0')) return unfit(what, "has a word that is too long");
  }
  return {};
}

Result<void> check_command(const Principal& principal, const McpServer& server) {
  if (!principal.may(Role::admin)) {
    return fail(ErrorCode::forbidden, "only an admin may register a command, which this machine executes");
  }
  if (server.command.empty() || server.command.front().empty()) return unfit("command", "must not be empty");
  if (!server.url.empty()) return unfit("url", "does not go with a command");
  if (server.auth.type == AuthType::oauth2) return unfit("auth_type", "oauth does not go with a command");
  if (auto fit = check_texts("command", server.command); !fit) return fit;
  if (server.environment.size() > max_words) return unfit("environment", "has too many variables");
  for (const auto& [name, value] : server.environment) {
    if (!config::is_variable_name(name)) return unfit("environment", "has a name that no variable has");
    if (value.size() > config::max_secret_bytes || value.contains('\0')) return unfit("environment", "is too long");
  }
  if (server.auth.type == AuthType::api_key && !config::is_variable_name(server.auth.name)) {
    return unfit("variable", "in \"auth\" must name the environment variable for the secret");
  }
  return {};
}

Result<void> check_oauth(model::Auth& auth) {
  for (auto [what, url] :
       {std::pair{"issuer", &auth.issuer}, std::pair{"authorization_url", &auth.auth_url},
        std::pair{"token_url", &auth.token_url}, std::pair{"revocation_url", &auth.revocation_url}}) {
    if (url->empty()) continue;
    // An issuer is compared letter by letter (RFC 8414, 3.3).
    std::string canonical = *url;
    if (auto fit = canonicalize(what, canonical, true); !fit) return fit;
    if (url != &auth.issuer) *url = canonical;
  }
  if (!auth.resource.empty()) {
    std::string canonical = auth.resource;
    if (auto fit = canonicalize("resource", canonical, false); !fit) return fit;
  }
  for (const auto* text : {&auth.client_id, &auth.audience}) {
    if (auto fit = check_text("auth", *text, max_description_bytes); !fit) return fit;
  }
  const auto is_scope = [](const std::string& scope) {  // RFC 6749, 3.3
    return !scope.empty() && scope.size() <= max_description_bytes &&
           std::ranges::all_of(scope, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
  };
  if (auth.scopes.size() > max_words || !std::ranges::all_of(auth.scopes, is_scope)) {
    return unfit("scopes", "has one that is no scope of OAuth");
  }
  return {};
}

Result<void> check_url(McpServer& server) {
  if (!server.command.empty() || !server.environment.empty()) {
    return unfit("command", "and \"environment\" go with the transport stdio only");
  }
  if (server.url.empty()) return unfit("url", "or \"command\" is needed");
  if (auto fit = canonicalize("url", server.url, server.auth.type != AuthType::none); !fit) return fit;
  if (server.auth.type == AuthType::oauth2) return check_oauth(server.auth);
  if (server.auth.type != AuthType::api_key) return {};
  const auto header = lowered(server.auth.name);
  const bool is_protocol = header.starts_with("mcp-") || header == "accept" || header == "last-event-id";
  if (is_protocol || !config::can_hold_credential(header)) {
    return unfit("header", "in \"auth\" is no header that a credential can stand in");
  }
  return check_text("prefix", server.auth.prefix, max_name_bytes);
}

}  // namespace

Result<void> check_server(const Principal& principal, McpServer& server) {
  if (auto fit = check_unique_name("name", server.name); !fit) return fit;
  if (auto fit = check_text("description", server.description, max_description_bytes); !fit) return fit;
  if (!server.auth.ca_file.empty()) {
    if (!principal.may(Role::admin)) return fail(ErrorCode::forbidden, "only an admin may name a file of this machine");
    if (!server.auth.ca_file.starts_with('/')) return unfit("ca_file", "must be an absolute path");
  }
  return server.transport == McpTransport::stdio ? check_command(principal, server) : check_url(server);
}

}  // namespace runagents::server
