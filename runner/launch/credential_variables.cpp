#include "runner/launch/credential_variables.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "core/audit/masking.hpp"

namespace runagents::launch {
namespace {

/// A shorter value ("true", "/usr/local") occurs everywhere by accident.
constexpr std::size_t shortest_recognisable = 12;

/// Credentials, or ways to them, that no pattern below recognises.
constexpr auto well_known = std::to_array<std::string_view>({"AWS_ACCESS_KEY_ID",
                                                             "AWS_SHARED_CREDENTIALS_FILE",
                                                             "BOTO_CONFIG",
                                                             "BW_SESSION",
                                                             "DOCKER_AUTH_CONFIG",
                                                             "GITHUB_PAT",
                                                             "GIT_ASKPASS",
                                                             "GPG_AGENT_INFO",
                                                             "KRB5CCNAME",
                                                             "KRB5_KTNAME",
                                                             "KUBECONFIG",
                                                             "MYSQL_PWD",
                                                             "NETRC",
                                                             "NPM_CONFIG__AUTH",
                                                             "NPM_CONFIG_USERCONFIG",
                                                             "PGPASSFILE",
                                                             "PGSERVICEFILE",
                                                             "REDISCLI_AUTH",
                                                             "SENTRY_DSN",
                                                             "SLACK_WEBHOOK_URL",
                                                             "SSH_AGENT_PID",
                                                             "SSH_ASKPASS",
                                                             "SSH_AUTH_SOCK",
                                                             "SUDO_ASKPASS"});

constexpr auto prefixes = std::to_array<std::string_view>({"RUNAGENTS_", "RUNLAYER_", "OP_SESSION_"});

constexpr auto suffixes = std::to_array<std::string_view>({"_PAT", "_PWD", "_AUTH"});

constexpr auto parts =
    std::to_array<std::string_view>({"PASSWD", "PASSPHRASE", "PRIVATE_KEY", "ACCESS_KEY", "SIGNING_KEY"});

std::string upper(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

/// "scheme://user:password@host"
bool has_password_in_url(std::string_view value) noexcept {
  for (auto scheme = value.find("://"); scheme != std::string_view::npos; scheme = value.find("://", scheme + 3)) {
    const auto rest = value.substr(scheme + 3);
    const auto authority = rest.substr(0, rest.find_first_of("/?# \t\n"));
    const auto user_end = authority.rfind('@');
    const auto colon = authority.find(':');
    if (user_end != std::string_view::npos && colon < user_end && colon + 1 < user_end) {
      return true;
    }
  }
  return false;
}

void add(std::set<std::string>& names, const std::optional<model::SecretReference>& reference) {
  if (reference && reference->kind == model::SecretReference::Kind::env) {
    names.insert(reference->value);
  }
}

}  // namespace

bool is_credential(std::string_view name, std::string_view value) {
  const std::string shout = upper(name);
  const std::string_view view = shout;
  return audit::looks_secret(name) || std::ranges::find(well_known, view) != well_known.end() ||
         std::ranges::any_of(prefixes, [&](auto prefix) { return view.starts_with(prefix); }) ||
         std::ranges::any_of(suffixes, [&](auto suffix) { return view.ends_with(suffix); }) ||
         std::ranges::any_of(parts, [&](auto part) { return view.find(part) != std::string_view::npos; }) ||
         has_password_in_url(value);
}

std::set<std::string> referenced_variables(const model::Project& project) {
  std::set<std::string> names;
  const auto add_all = [&names](const model::Auth& auth) {
    for (const auto& reference : auth.references()) add(names, reference);
    const bool finds_its_own = auth.type == model::AuthType::aws_sigv4 && !auth.secret;
    if (finds_its_own && auth.profile.empty()) names.insert({"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"});
  };
  for (const auto& tool : project.tools) add_all(tool.auth);
  for (const auto& provider : project.providers) add_all(provider.upstream.auth);
  return names;
}

std::set<std::string> referenced_values(const std::map<std::string, std::string>& inherited,
                                        const std::set<std::string>& names) {
  std::set<std::string> values;
  for (const auto& name : names) {
    const auto found = inherited.find(name);
    if (found != inherited.end() && found->second.size() >= shortest_recognisable) {
      values.insert(found->second);
    }
  }
  return values;
}

bool contains_any(std::string_view value, const std::set<std::string>& secrets) {
  return std::ranges::any_of(secrets, [&](const std::string& secret) { return value.find(secret) != value.npos; });
}

}  // namespace runagents::launch
