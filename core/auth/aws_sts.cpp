#include <chrono>

#include "core/auth/aws_sources.hpp"
#include "core/auth/percent.hpp"
#include "core/auth/sigv4.hpp"
#include "core/config/file_content.hpp"
#include "core/model/approval.hpp"
#include "core/policy/target.hpp"

namespace runagents::auth {
namespace {

constexpr std::string_view content_type = "application/x-www-form-urlencoded; charset=utf-8";
constexpr std::size_t max_token_bytes = std::size_t{64} << 10U;

std::unexpected<Error> sts_error(const AwsRole& role, const std::string& problem, std::string hint = {}) {
  return fail(ErrorCode::unavailable, "the role " + role.arn + " cannot be assumed: " + problem, std::move(hint));
}

std::string sts_url(const AwsSettings& settings, const AwsRole& role) {
  if (role.region.empty()) return settings.endpoint("STS", "https://sts.amazonaws.com");
  const std::string end = role.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return settings.endpoint("STS", "https://sts." + role.region + end);
}

std::string now_in_seconds() {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(model::now()).time_since_epoch().count());
}

std::string form(const AwsRole& role, std::string_view action) {
  std::string body = "Action=" + std::string{action} + "&Version=2011-06-15";
  const auto add = [&body](std::string_view name, std::string_view value) {
    if (!value.empty()) body.append("&").append(name).append("=").append(percent_encoded(value));
  };
  add("RoleArn", role.arn);
  add("RoleSessionName", role.session_name.empty() ? "runagents-" + now_in_seconds() : role.session_name);
  add("ExternalId", role.external_id);
  add("DurationSeconds", role.duration_seconds);
  return body;
}

/// The text of the only element of this name; empty: there is none, or more than one, or it holds more than text.
std::string_view only_element(std::string_view xml, std::string_view name) {
  const auto open = "<" + std::string{name} + ">";
  const auto close = "</" + std::string{name} + ">";
  const auto begin = xml.find(open);
  const auto end = xml.find(close);
  if (begin == xml.npos || end == xml.npos || end < begin + open.size()) return {};
  if (xml.find(open, begin + 1) != xml.npos || xml.find(close, end + 1) != xml.npos) return {};
  return xml.substr(begin + open.size(), end - begin - open.size());
}

std::string_view only_text(std::string_view xml, std::string_view name) {
  const auto text = only_element(xml, name);
  return text.contains('<') || text.contains('&') ? std::string_view{} : text;
}

Result<AwsCredentials> ask(const AwsSettings& settings, const AwsRole& role, const http::FetchRequest& request,
                           std::string origin) {
  if (auto sound = check_credential_endpoint(request.url); !sound) return std::unexpected(sound.error());
  const auto response = settings.fetch(request);
  if (!response) return sts_error(role, response.error().message, response.error().hint);
  if (response->status != 200) {
    const auto code = only_text(response->body, "Code");
    return sts_error(role, "STS answers " + std::to_string(response->status) +
                               (code.empty() ? "" : " (" + std::string{code.substr(0, 100)} + ")"));
  }
  auto credentials = aws_credentials_from_xml(response->body, std::move(origin));
  if (!credentials) return sts_error(role, credentials.error().message);
  return credentials;
}

}  // namespace

Result<AwsCredentials> aws_credentials_from_xml(std::string_view text, std::string origin) {
  // Nothing in an answer of STS needs a document type, and what one declares could change what the rest means.
  if (text.contains("<!")) return fail(ErrorCode::unavailable, "the answer of STS is not plain XML");
  const auto element = only_element(text, "Credentials");
  auto credentials = make_aws_credentials(only_text(element, "AccessKeyId"), only_text(element, "SecretAccessKey"),
                                          only_text(element, "SessionToken"), std::move(origin));
  const auto expiry = model::from_iso8601(only_text(element, "Expiration"));
  if (!credentials || credentials->session_token.empty() || !expiry) {
    return fail(ErrorCode::unavailable, "the answer of STS holds no credentials");
  }
  credentials->expires_at = std::chrono::floor<std::chrono::seconds>(*expiry);
  return credentials;
}

Result<AwsCredentials> assume_role(const AwsSettings& settings, const AwsRole& role, const AwsCredentials& base,
                                   std::string origin) {
  const auto url = sts_url(settings, role);
  const auto target = policy::parse_target(url);
  if (!target) return sts_error(role, "the endpoint " + url + " is not an http URL");
  http::FetchRequest request{
      .method = "POST", .url = url, .fields = {}, .body = form(role, "AssumeRole"), .ca_file = {}};
  auto host = target->authority.host;
  if (target->authority.port != policy::default_port(target->scheme)) {
    host += ":" + std::to_string(target->authority.port);
  }
  const SigV4Scope scope{sigv4_timestamp(std::chrono::floor<std::chrono::seconds>(model::now())),
                         role.region.empty() ? "us-east-1" : role.region, "sts"};
  request.fields = {{"Host", host}, {"Content-Type", std::string{content_type}}, {"X-Amz-Date", scope.timestamp}};
  if (!base.session_token.empty()) {
    request.fields.emplace_back("X-Amz-Security-Token", base.session_token.reveal());
  }
  const auto payload_hash = hex(sha256(request.body));
  SigV4Request to_sign{request.method, target->path, target->query, {}, payload_hash, SigV4Path::normalized};
  for (const auto& [name, value] : request.fields) to_sign.fields.push_back({name, value});
  const auto key = signing_key(base.secret_access_key.reveal(), scope);
  request.fields.emplace_back("Authorization", sign(to_sign, base.access_key_id, key, scope).authorization);
  return ask(settings, role, request, std::move(origin));
}

Result<AwsCredentials> assume_role_with_web_identity(const AwsSettings& settings, const AwsRole& role,
                                                     const std::string& token_file, std::string origin) {
  const auto file = config::OpenFile::open(settings.path(token_file));
  if (!file) return sts_error(role, "its web identity token cannot be read: " + file.error().message);
  auto token = file->read(max_token_bytes);
  if (!token) return sts_error(role, "its web identity token cannot be read: " + token.error().message);
  token->erase(token->find_last_not_of(" \t\r\n") + 1);
  http::FetchRequest request{.method = "POST", .url = sts_url(settings, role), .fields = {}, .body = {}, .ca_file = {}};
  request.fields = {{"Content-Type", std::string{content_type}}};
  request.body = form(role, "AssumeRoleWithWebIdentity") + "&WebIdentityToken=" + percent_encoded(*token);
  return ask(settings, role, request, std::move(origin));
}

}  // namespace runagents::auth
