#include <charconv>

#include <nlohmann/json.hpp>

#include "core/auth/aws_sources.hpp"
#include "core/config/file_content.hpp"
#include "core/model/approval.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{64} << 10U;

/// The arguments of AssumeRole as Python's json.dumps(sort_keys=True) writes them.
std::string arguments(const AwsRole& role) {
  std::string text;
  const auto add = [&text](std::string_view name, const std::string& json) {
    text.append(text.empty() ? "{" : ", ").append("\"").append(name).append("\": ").append(json);
  };
  const auto quoted = [](const std::string& value) {
    return nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  };
  int seconds = 0;
  const auto& duration = role.duration_seconds;
  const auto parsed = std::from_chars(duration.data(), duration.data() + duration.size(), seconds);
  if (!duration.empty() && parsed.ec == std::errc{}) add("DurationSeconds", std::to_string(seconds));
  if (!role.external_id.empty()) add("ExternalId", quoted(role.external_id));
  add("RoleArn", quoted(role.arn));
  if (!role.session_name.empty()) add("RoleSessionName", quoted(role.session_name));
  if (!role.mfa_serial.empty()) add("SerialNumber", quoted(role.mfa_serial));
  return text + "}";
}

}  // namespace

Result<AwsCredentials> cached_role(const AwsSettings& settings, const AwsRole& role, std::string origin) {
  const auto file = config::OpenFile::open(settings.path("~/.aws/cli/cache") / aws_cache_name(arguments(role)));
  if (!file) return std::unexpected(file.error());
  const auto text = file->read(max_file_bytes);
  if (!text) return std::unexpected(text.error());
  auto credentials = aws_credentials_from_json(*text, std::move(origin));
  if (credentials && (!credentials->expires_at || *credentials->expires_at <= model::now())) {
    return fail(ErrorCode::not_found, "the role's credentials in the cache of the AWS CLI have expired");
  }
  return credentials;
}

}  // namespace runagents::auth
