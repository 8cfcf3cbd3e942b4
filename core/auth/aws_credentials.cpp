#include "core/auth/aws_credentials.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/model/approval.hpp"

namespace runagents::auth {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> unfit(const std::string& message) {
  return fail(ErrorCode::configuration, message,
              "write ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN], or the JSON of credential_process or STS");
}

bool is_visible(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The id stands in Authorization, between "=" and "/".
bool is_key_id(std::string_view text) noexcept {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == ':' || c == '@';
  };
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, fits);
}

/// The first of these members that is a text.
std::string_view text_of(const Json& object, std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_string()) return found->get_ref<const std::string&>();
  }
  return {};
}

Result<std::optional<std::chrono::sys_seconds>> expiry_of(const Json& object) {
  using std::chrono::floor;
  using std::chrono::seconds;
  // GetRoleCredentials writes milliseconds since 1970.
  if (const auto number = object.find("expiration"); number != object.end() && number->is_number_integer()) {
    return std::chrono::sys_seconds{floor<seconds>(std::chrono::milliseconds{number->get<std::int64_t>()})};
  }
  const auto text = text_of(object, {"Expiration", "expiration"});
  if (text.empty()) return std::nullopt;
  const auto time = model::from_iso8601(text);
  if (!time) return unfit("the credentials' expiry is not a time");
  return floor<seconds>(*time);
}

}  // namespace

Result<AwsCredentials> make_aws_credentials(std::string_view access_key_id, std::string_view secret_access_key,
                                            std::string_view session_token, std::string origin) {
  if (!is_key_id(access_key_id)) return unfit("there is no access key id, or one that cannot stand in a header");
  if (secret_access_key.empty() || !is_visible(secret_access_key)) {
    return unfit("there is no secret access key, or one with blanks in it");
  }
  if (!is_visible(session_token)) return unfit("the session token holds what cannot stand in a header");
  AwsCredentials credentials;
  credentials.access_key_id = access_key_id;
  credentials.secret_access_key = config::Secret{std::string{secret_access_key}};
  credentials.session_token = config::Secret{std::string{session_token}};
  credentials.origin = std::move(origin);
  return credentials;
}

Result<AwsCredentials> aws_credentials_from_json(std::string_view text, std::string origin) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return unfit("the credentials are not a JSON object");
  const Json* object = &json;
  for (const auto* name : {"Credentials", "roleCredentials"}) {
    if (const auto found = json.find(name); found != json.end() && found->is_object()) object = &*found;
  }
  auto credentials = make_aws_credentials(
      text_of(*object, {"AccessKeyId", "accessKeyId"}), text_of(*object, {"SecretAccessKey", "secretAccessKey"}),
      text_of(*object, {"SessionToken", "sessionToken", "Token"}), std::move(origin));
  if (!credentials) return credentials;
  const auto expiry = expiry_of(*object);
  if (!expiry) return std::unexpected(expiry.error());
  credentials->expires_at = *expiry;
  return credentials;
}

Result<AwsCredentials> parse_aws_credentials(std::string_view text, std::string origin) {
  if (text.starts_with('{')) return aws_credentials_from_json(text, std::move(origin));
  std::array<std::string_view, 3> parts;
  for (auto& part : parts) {
    part = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  if (!text.empty()) return unfit("the credentials have more than three parts");
  return make_aws_credentials(parts[0], parts[1], parts[2], std::move(origin));
}

}  // namespace runagents::auth
