#include "runner/egress/aws_signer.hpp"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>

#include "core/auth/percent.hpp"
#include "core/model/approval.hpp"
#include "runner/egress/fields.hpp"

namespace runagents::egress {
namespace {

constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
constexpr std::string_view unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// What the agent says of its body; empty when it says nothing, or two things.
std::string_view agents_payload(const std::vector<http::Field>& fields) {
  std::string_view value;
  for (const auto& field : fields) {
    if (!same_field(field.name, "x-amz-content-sha256")) continue;
    if (!value.empty() && value != field.value) return {};
    value = field.value;
  }
  return value;
}

bool is_sha256(std::string_view text) noexcept {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// `has_body` without `is_here`: it comes from the agent piece by piece.
AwsPayload payload_of(std::string_view agents, bool has_body, bool is_here, bool over_tls, bool is_s3) {
  if (agents == unsigned_trailer && has_body) return AwsPayload::from_agent;
  if (agents.starts_with("STREAMING-") && has_body) return AwsPayload::chunk_signed;
  if (is_here || !has_body) return AwsPayload::hashed;
  // Over cleartext a payload has to be signed; elsewhere whoever asks for less knows that the service allows it.
  if (is_sha256(agents) || (agents == unsigned_payload && over_tls)) return AwsPayload::from_agent;
  return is_s3 && over_tls ? AwsPayload::unsigned_body : AwsPayload::to_be_held;
}

/// Fields that change what a request means. The others are of the connection's, or nobody's but the client's.
bool is_signed(std::string_view name) {
  constexpr std::array<std::string_view, 3> plain = {"host", "content-type", "content-md5"};
  constexpr std::string_view prefix = "x-amz-";
  return std::ranges::any_of(plain, [name](auto one) { return http::equal_ignoring_case(name, one); }) ||
         (name.size() > prefix.size() && http::equal_ignoring_case(name.substr(0, prefix.size()), prefix));
}

bool is_among(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [name](auto one) { return http::equal_ignoring_case(name, one); });
}

}  // namespace

AwsPayload aws_payload(const Call& call, bool over_tls, bool is_s3) {
  const bool has_body = call.head->framing != http::Framing::none;
  return payload_of(agents_payload(call.head->fields), has_body, call.held_body.has_value(), over_tls, is_s3);
}

AwsSigner::AwsSigner(std::shared_ptr<const auth::AwsCredentials> credentials, std::string region, std::string service,
                     bool over_tls)
    : credentials_{std::move(credentials)},
      region_{std::move(region)},
      service_{std::move(service)},
      over_tls_{over_tls},
      is_s3_{auth::is_s3(service_)} {}

bool AwsSigner::replaces_field(std::string_view name) const {
  constexpr std::array<std::string_view, 6> fields = {
      "authorization", "date", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-region-set"};
  return std::ranges::any_of(fields, [name](auto one) { return same_field(name, one); });
}

bool AwsSigner::replaces_parameter(std::string_view name) const {
  if (is_among(name, {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
                      "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Region-Set"})) {
    return true;
  }
  // Signature Version 2, which S3 still takes and SDKs still presign with.
  return is_s3_ && is_among(name, {"AWSAccessKeyId", "Signature", "Expires"});
}

void AwsSigner::write_target(std::string_view path, std::string_view query, std::string& out) const {
  // S3 signs a key in its strict encoding, and reads "+" in a path as a blank.
  if (is_s3_) {
    out.append(auth::strict_path(path));
  } else {
    out.append(path);
  }
  char separator = '?';
  for (const auto& one : auth::query_parameters(query)) {
    if (replaces_parameter(one.name)) continue;
    out.push_back(separator);
    out.append(auth::percent_encoded(one.name));
    if (one.has_value) out.append("=").append(auth::percent_encoded(one.value));
    separator = '&';
  }
}

std::string AwsSigner::payload_hash(const UnsignedRequest& request) const {
  const auto agents = agents_payload(request.agents);
  switch (payload_of(agents, request.has_body, request.body != nullptr, over_tls_, is_s3_)) {
    case AwsPayload::from_agent:
      return std::string{agents};
    case AwsPayload::hashed:
      return auth::hex(auth::sha256(request.body != nullptr ? std::string_view{*request.body} : std::string_view{}));
    default:
      return std::string{unsigned_payload};
  }
}

const auth::Sha256& AwsSigner::key_of(const auth::SigV4Scope& scope) const {
  if (key_date_ != scope.date()) {
    key_ = auth::signing_key(credentials_->secret_access_key.reveal(), scope);
    key_date_ = scope.date();
  }
  return key_;
}

void AwsSigner::sign(const UnsignedRequest& request, std::string& out) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(model::now());
  const auth::SigV4Scope scope{auth::sigv4_timestamp(now), region_, service_};
  const auto hash = payload_hash(request);
  auth::SigV4Request to_sign{request.method, request.path, request.query, {}, hash, auth::SigV4Path::normalized};
  if (is_s3_) to_sign.path_rule = auth::SigV4Path::object_key;
  std::ranges::copy_if(request.fields, std::back_inserter(to_sign.fields),
                       [](const http::Field& field) { return is_signed(field.name); });
  const auto add = [&](std::string_view name, std::string_view value) {
    to_sign.fields.push_back({name, value});
    out.append(name).append(": ").append(value).append("\r\n");
  };
  add("X-Amz-Date", scope.timestamp);
  add("X-Amz-Content-Sha256", hash);
  if (!credentials_->session_token.empty()) add("X-Amz-Security-Token", credentials_->session_token.reveal());
  const auto made = auth::sign(to_sign, credentials_->access_key_id, key_of(scope), scope);
  out.append("Authorization: ").append(made.authorization).append("\r\n");
}

}  // namespace runagents::egress
