#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "core/auth/aws_sources.hpp"
#include "core/auth/hash.hpp"
#include "core/auth/percent.hpp"
#include "core/config/file_content.hpp"
#include "core/model/approval.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{64} << 10U;

/// The name of the cache file is the SHA-1 of what the session is known by.
std::string sha1_hex(std::string_view text) {
  std::string digest(20, '\0');
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha1(), nullptr);
  return hex(digest);
}

std::unexpected<Error> sso_error(const std::string& origin, const std::string& problem) {
  auto command = "aws sso login";
  return fail(ErrorCode::unavailable, "the AWS " + origin + " has no session of IAM Identity Center: " + problem,
              command);
}

Result<std::string> access_token(const std::filesystem::path& path, const std::string& origin) {
  const auto file = config::OpenFile::open(path);
  if (!file) return sso_error(origin, "nobody has logged in");
  const auto text = file->read(max_file_bytes);
  if (!text) return sso_error(origin, text.error().message);
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto member = [&json](const char* name) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  auto expiry = member("expiresAt");
  // Older versions of the AWS CLI end it with "UTC".
  if (expiry.ends_with("UTC")) expiry.replace(expiry.size() - 3, 3, "Z");
  const auto expires_at = model::from_iso8601(expiry);
  auto token = member("accessToken");
  if (token.empty() || !expires_at || token.find_first_of("\r\n") != token.npos) {
    return sso_error(origin, "its cache file is not a token");
  }
  if (*expires_at <= model::now()) return sso_error(origin, "the login has expired");
  return token;
}

}  // namespace

Result<AwsCredentials> aws_credentials_of_sso(const AwsSettings& settings, const AwsProfiles::Section& profile,
                                              std::string origin) {
  const std::string session_name{setting(&profile, "sso_session")};
  const auto* session = session_name.empty() ? &profile : settings.profiles.sso_session(session_name);
  const std::string region{setting(session, "sso_region")};
  const auto& known_by = session_name.empty() ? std::string{setting(session, "sso_start_url")} : session_name;
  if (region.empty() || known_by.empty()) {
    return fail(ErrorCode::configuration,
                "the AWS " + origin + " does not say which session of IAM Identity Center it uses",
                "aws configure sso");
  }
  const auto token = access_token(settings.path("~/.aws/sso/cache") / (sha1_hex(known_by) + ".json"), origin);
  if (!token) return std::unexpected(token.error());
  http::FetchRequest request;
  request.url = settings.endpoint("SSO", "https://portal.sso." + region + ".amazonaws.com");
  if (auto sound = check_credential_endpoint(request.url); !sound) return std::unexpected(sound.error());
  request.url += "/federation/credentials?role_name=" + percent_encoded(setting(&profile, "sso_role_name")) +
                 "&account_id=" + percent_encoded(setting(&profile, "sso_account_id"));
  request.fields = {{"x-amz-sso_bearer_token", *token}};
  const auto response = settings.fetch(request);
  if (!response) return std::unexpected(response.error());
  if (response->status == 401) return sso_error(origin, "the login is not accepted any more");
  if (response->status != 200) {
    return fail(ErrorCode::unavailable,
                "IAM Identity Center answers " + std::to_string(response->status) + " to the AWS " + origin);
  }
  return aws_credentials_from_json(response->body, std::move(origin));
}

}  // namespace runagents::auth
