#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "core/model/refusal_code.hpp"

namespace runagents::policy {

/// Why a piece of a request target has no single reading, or none at all. `code` is bad_request or ambiguous_target.
struct TargetError {
  model::RefusalCode code = model::RefusalCode::bad_request;
  std::string message;
};

template <class T>
using TargetResult = std::expected<T, TargetError>;

/// A path in the one form that is both matched and sent.
struct CanonicalPath {
  std::string_view text;       ///< starts with "/"; points into the input or into the caller's scratch string
  bool encoded_slash = false;  ///< holds %2F; the caller refuses it unless the tool allows encoded slashes
};

/// Canonicalises a path (RFC 3986, 6.2.2): percent-encoded unreserved characters are decoded, hex digits upper-cased,
/// dot segments removed, duplicate slashes kept. Refuses with ambiguous_target what two programs could read
/// differently: %5C, a backslash, encoded and bare control characters, non-ASCII bytes, "#" and "?", an invalid percent
/// sign, overlong UTF-8, dot segments that climb above the root or carry ";" parameters, a segment that becomes a dot
/// segment after further decodings, %2F together with dot segments. A space is a bad_request: no request line holds
/// one. Idempotent. Allocates only when the input is not canonical already or holds an encoded "%", ";" or "/".
/// `scratch` must not hold `raw`.
[[nodiscard]] TargetResult<CanonicalPath> canonical_path(std::string_view raw, std::string& scratch);

/// Checks a query (without "?"): control and non-ASCII bytes, spaces and "#" are refused, the rest is sent as it is.
[[nodiscard]] TargetResult<void> check_query(std::string_view query);

/// Canonicalises a host: lower case, IDNA 2008 A-labels, no trailing dot; IPv4 only as four plain decimal numbers,
/// IPv6 in brackets on the way in and without on the way out, in the form of RFC 5952. Refuses other spellings of
/// addresses (octal, hexadecimal, short, IPv4-mapped, zone ids), and bytes that no host name has.
[[nodiscard]] TargetResult<std::string_view> canonical_host(std::string_view raw, std::string& scratch);

/// host [":" port]; never userinfo.
struct Authority {
  std::string host;  ///< canonical, see above
  std::uint16_t port = 0;

  bool operator==(const Authority&) const = default;
};
[[nodiscard]] TargetResult<Authority> parse_authority(std::string_view raw, std::uint16_t default_port);

/// An absolute URL (http or https) in canonical parts.
struct Target {
  std::string scheme;
  Authority authority;
  std::string path;  ///< canonical, at least "/"
  std::string query;
  bool has_query = false;
  bool encoded_slash = false;

  [[nodiscard]] std::string to_string() const;
};
[[nodiscard]] TargetResult<Target> parse_target(std::string_view url);

/// CONNECT, TRACE, TRACK and PRI in any case: methods that no tool is ever sent. CONNECT opens a tunnel elsewhere;
/// TRACE and TRACK echo a request with what was injected into it; PRI begins HTTP/2 (RFC 9113, section 3.4), so that
/// servers do not agree on what a request with it is.
[[nodiscard]] bool is_refused_method(std::string_view method) noexcept;
/// Methods are case-sensitive (RFC 9110, section 9.1), but many servers take "delete" for DELETE: one that holds a
/// lower-case letter is refused, since what a rule says of DELETE could not be relied upon.
[[nodiscard]] TargetResult<void> check_method_case(std::string_view method);

/// 80, 443, or 0 for a scheme without a default.
[[nodiscard]] std::uint16_t default_port(std::string_view scheme) noexcept;

}  // namespace runagents::policy
