#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/hash.hpp"
#include "core/http/head.hpp"

/// AWS Signature Version 4 ("Create a signed AWS API request", AWS Identity and Access Management User Guide). Pure
/// functions; what is cached is the caller's.
namespace runagents::auth {

/// How the canonical URI is made of the path that is sent.
enum class SigV4Path {
  normalized,  ///< every service but S3: dot segments and empty segments removed, then encoded (once more)
  object_key,  ///< S3: the key in its one encoding, nothing removed
  verbatim     ///< encoded (once more), nothing removed
};

/// S3 and its relatives, which have rules of their own for paths and payloads.
[[nodiscard]] bool is_s3(std::string_view service) noexcept;

/// What is signed of a request.
struct SigV4Request {
  std::string_view method;
  std::string_view path;            ///< as it is sent
  std::string_view query;           ///< as it is sent, without "?"
  std::vector<http::Field> fields;  ///< those that are signed, Host among them; repeated ones in their order
  std::string_view payload_hash;    ///< hexadecimal SHA-256, or a word like UNSIGNED-PAYLOAD
  SigV4Path path_rule = SigV4Path::normalized;
};

struct CanonicalRequest {
  std::string text;
  std::string signed_headers;  ///< "host;x-amz-date"
};
[[nodiscard]] CanonicalRequest canonical_request(const SigV4Request& request);

/// A path with everything percent-encoded in its segments that is not unreserved, and nothing else.
[[nodiscard]] std::string strict_path(std::string_view path);

/// Parameters in their one spelling and order: decoded ("+" is a blank), encoded strictly, sorted.
[[nodiscard]] std::string canonical_query(std::string_view query);

/// One parameter of a query, decoded. `has_value`: there was a "=".
struct QueryParameter {
  std::string name;
  std::string value;
  bool has_value = false;
};
[[nodiscard]] std::vector<QueryParameter> query_parameters(std::string_view query);

/// Where and when a signature holds.
struct SigV4Scope {
  std::string timestamp;  ///< "20150830T123600Z", also the value of X-Amz-Date
  std::string region;
  std::string service;

  [[nodiscard]] std::string_view date() const noexcept { return std::string_view{timestamp}.substr(0, 8); }
  /// "20150830/us-east-1/s3/aws4_request"
  [[nodiscard]] std::string to_string() const;
};
[[nodiscard]] std::string sigv4_timestamp(std::chrono::sys_seconds time);

[[nodiscard]] std::string string_to_sign(const SigV4Scope& scope, std::string_view canonical_request);

/// The key for all requests of one day, region and service.
[[nodiscard]] Sha256 signing_key(std::string_view secret_access_key, const SigV4Scope& scope);

/// In hexadecimal digits.
[[nodiscard]] std::string signature(const Sha256& signing_key, std::string_view string_to_sign);

struct SigV4Signature {
  std::string authorization;  ///< value of the header field
  std::string signature;      ///< what it ends with; chunks of an aws-chunked body are signed after it
};
[[nodiscard]] SigV4Signature sign(const SigV4Request& request, std::string_view access_key_id,
                                  const Sha256& signing_key, const SigV4Scope& scope);

}  // namespace runagents::auth
