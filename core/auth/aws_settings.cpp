#include "core/auth/aws_settings.hpp"

#include <algorithm>
#include <cctype>

#include "core/config/command_line.hpp"
#include "core/config/command_output.hpp"
#include "core/config/file_content.hpp"
#include "core/policy/target.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;
constexpr std::size_t max_output_bytes = std::size_t{64} << 10U;

/// A region stands between the slashes of a scope, and in host names.
std::string plain_region(std::string_view text) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; };
  return std::ranges::all_of(text, fits) ? std::string{text} : std::string{};
}

std::string content_of(const std::filesystem::path& path) {
  const auto file = config::OpenFile::open(path);
  if (!file) return {};
  return file->read(max_file_bytes).value_or(std::string{});
}

}  // namespace

std::string_view AwsSettings::variable(const std::string& name) const {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view{} : std::string_view{found->second};
}

std::string AwsSettings::default_profile() const {
  for (const auto* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (const auto value = variable(name); !value.empty()) return std::string{value};
  }
  return "default";
}

std::filesystem::path AwsSettings::path(std::string_view text) const {
  if (!text.starts_with("~/")) return text;
  return std::filesystem::path{variable("HOME")} / text.substr(2);
}

std::string AwsSettings::region(const std::string& profile) const {
  for (const auto* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto value = variable(name); !value.empty()) return plain_region(value);
  }
  return plain_region(setting(profiles.profile(profile.empty() ? default_profile() : profile), "region"));
}

std::string AwsSettings::endpoint(const std::string& service, std::string otherwise) const {
  if (variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true") return otherwise;
  for (const auto& name : {"AWS_ENDPOINT_URL_" + service, std::string{"AWS_ENDPOINT_URL"}}) {
    if (const auto value = variable(name); !value.empty()) return std::string{value};
  }
  return otherwise;
}

Result<std::string> AwsSettings::run_credential_process(const std::string& command) {
  const auto words = config::split_command(command);
  if (!words) return std::unexpected(words.error());
  return config::command_output(*words, "/", std::chrono::minutes{1}, max_output_bytes);
}

AwsSettings load_aws_settings(std::map<std::string, std::string> environment) {
  AwsSettings settings;
  settings.environment = std::move(environment);
  const auto file = [&settings](const std::string& variable, std::string_view otherwise) {
    const auto value = settings.variable(variable);
    return content_of(settings.path(value.empty() ? otherwise : value));
  };
  settings.profiles =
      AwsProfiles{file("AWS_CONFIG_FILE", "~/.aws/config"), file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")};
  return settings;
}

Result<void> check_credential_endpoint(std::string_view url) {
  const auto target = policy::parse_target(url);
  if (!target) return fail(ErrorCode::configuration, "the endpoint " + std::string{url} + " is not an http URL");
  const auto& host = target->authority.host;
  if (target->scheme == "https" || host == "localhost" || host == "::1" || host.starts_with("127.")) return {};
  return fail(ErrorCode::configuration,
              "the endpoint " + std::string{url} + " would answer with credentials in cleartext",
              "use https, or an address of this machine");
}

}  // namespace runagents::auth
