#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "core/auth/aws_sources.hpp"
#include "core/auth/hash.hpp"
#include "core/config/file_content.hpp"
#include "core/config/private_file.hpp"
#include "core/model/approval.hpp"

namespace runagents::auth {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_file_bytes = std::size_t{64} << 10U;
/// A token is replaced when it has less time left than this.
constexpr std::chrono::minutes margin{5};

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<model::Time> time_of(const Json& json, const char* name) {
  auto text = text_of(json, name);
  // Older versions of the AWS CLI end it with "UTC".
  if (text.ends_with("UTC")) text.replace(text.size() - 3, 3, "Z");
  return model::from_iso8601(text);
}

bool is_token(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<Json> cached(const std::filesystem::path& path) {
  const auto file = config::OpenFile::open(path);
  if (!file) return fail(ErrorCode::unavailable, "nobody has logged in");
  const auto text = file->read(max_file_bytes);
  if (!text) return std::unexpected(text.error());
  auto json = Json::parse(*text, nullptr, false);
  if (!json.is_object() || !is_token(text_of(json, "accessToken")) || !time_of(json, "expiresAt")) {
    return fail(ErrorCode::unavailable, "its cache file is not a token");
  }
  return json;
}

bool can_refresh(const Json& json) {
  const auto registered_until = time_of(json, "registrationExpiresAt");
  return !text_of(json, "refreshToken").empty() && !text_of(json, "clientId").empty() &&
         !text_of(json, "clientSecret").empty() && registered_until && *registered_until > model::now();
}

/// CreateToken of SSO OIDC. The new token is in the file before it is used: the old refresh token may be worth nothing
/// from now on.
Result<Json> refreshed(const AwsSettings& settings, Json json, const std::string& region,
                       const std::filesystem::path& path) {
  http::FetchRequest request{.method = "POST", .url = {}, .fields = {}, .body = {}, .ca_file = {}};
  request.url = settings.endpoint("SSO_OIDC", "https://oidc." + region + ".amazonaws.com") + "/token";
  if (auto sound = check_credential_endpoint(request.url); !sound) return std::unexpected(sound.error());
  request.fields = {{"Content-Type", "application/json"}};
  request.body = Json{{"grantType", "refresh_token"},
                      {"clientId", json["clientId"]},
                      {"clientSecret", json["clientSecret"]},
                      {"refreshToken", json["refreshToken"]}}
                     .dump();
  const auto response = settings.fetch(request);
  if (!response) return std::unexpected(response.error());
  if (response->status != 200) {
    return fail(ErrorCode::unavailable, "the login cannot be renewed (" + std::to_string(response->status) + ")");
  }
  const auto answer = Json::parse(response->body, nullptr, false);
  const auto lifetime = answer.is_object() ? answer.value("expiresIn", Json{}) : Json{};
  if (!lifetime.is_number_integer() || !is_token(text_of(answer, "accessToken"))) {
    return fail(ErrorCode::unavailable, "the renewed login is not a token");
  }
  const std::chrono::seconds seconds{std::clamp<std::int64_t>(lifetime.get<std::int64_t>(), 0, 90L * 86400)};
  json["accessToken"] = answer["accessToken"];
  json["expiresAt"] = model::to_iso8601(std::chrono::floor<std::chrono::seconds>(model::now()) + seconds);
  if (!text_of(answer, "refreshToken").empty()) json["refreshToken"] = answer["refreshToken"];
  if (auto kept = config::replace_private_file(path, json.dump()); !kept) return std::unexpected(kept.error());
  return json;
}

}  // namespace

std::string aws_cache_name(std::string_view known_by) {
  std::string digest(20, '\0');
  EVP_Digest(known_by.data(), known_by.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha1(),
             nullptr);
  return hex(digest) + ".json";
}

Result<std::string> aws_sso_token(const AwsSettings& settings, const std::filesystem::path& path,
                                  const std::string& region) {
  auto json = cached(path);
  if (!json) return std::unexpected(json.error());
  auto left = *time_of(*json, "expiresAt") - model::now();
  if (left < margin && can_refresh(*json)) {
    auto renewed = refreshed(settings, *json, region, path);
    if (!renewed && left <= model::Time::duration::zero()) return std::unexpected(renewed.error());
    if (renewed) {
      json = std::move(renewed);
      left = margin;
    }
  }
  if (left <= model::Time::duration::zero()) return fail(ErrorCode::unavailable, "the login has expired");
  return text_of(*json, "accessToken");
}

}  // namespace runagents::auth
