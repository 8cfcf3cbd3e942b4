#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

namespace runagents::http {

/// One field line; the views point into the bytes that were parsed. Blanks around the value are not part of it.
struct Field {
  std::string_view name;
  std::string_view value;
};

/// How the end of a body is found (RFC 9112, section 6.3).
enum class Framing {
  none,         ///< there is no body
  length,       ///< Content-Length
  chunked,      ///< Transfer-Encoding: chunked
  until_close,  ///< responses only: the body ends with the connection
};

/// Ceilings on a message head. A head beyond them is refused, never cut.
struct HeadLimits {
  std::size_t max_head_bytes = 32 * 1024;
  std::size_t max_fields = 128;
};

/// Why a head has no single reading.
struct HeadError {
  enum class Kind { malformed, too_large };
  Kind kind = Kind::malformed;
  std::string_view message;  ///< static text
};

/// The head of a request. Reused from request to request: parsing overwrites every member.
struct RequestHead {
  std::string_view method;
  std::string_view target;    ///< as it stands in the request line; may hold any byte but SP, CR and LF
  int minor_version = 1;      ///< 0 or 1
  std::vector<Field> fields;  ///< in order; names as sent
  std::string_view host;      ///< the Host field; empty only with HTTP/1.0
  bool has_host = false;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
  bool wants_upgrade = false;  ///< Connection names "upgrade" and there is an Upgrade field
  std::string_view upgrade;    ///< the Upgrade field
};

/// The head of a response.
struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor_version = 1;
  std::vector<Field> fields;
  Framing framing = Framing::none;  ///< already considers the request's method and the status
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool keep_alive = true;
};

/// Parses a request head (RFC 9112) in its strictest reading. Returns the number of bytes that the head takes, or 0
/// when more bytes are needed. Does no I/O and allocates only to grow `head.fields`.
///
/// Refused, because two programs could read it differently: bare CR or LF, folded lines, blanks before a colon, control
/// bytes, anything but one single Content-Length of digits, Content-Length next to Transfer-Encoding, any transfer
/// coding but "chunked", Transfer-Encoding in HTTP/1.0, a missing or second Host, any expectation but 100-continue,
/// versions other than 1.0 and 1.1.
[[nodiscard]] std::expected<std::size_t, HeadError> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                                                       RequestHead& head);

/// The same for a response to a request with method `method`.
[[nodiscard]] std::expected<std::size_t, HeadError> parse_response_head(std::string_view bytes, std::string_view method,
                                                                        const HeadLimits& limits, ResponseHead& head);

/// Parses the field lines of a trailer section, up to and with the empty line. Returns as above.
[[nodiscard]] std::expected<std::size_t, HeadError> parse_trailers(std::string_view bytes, const HeadLimits& limits,
                                                                   std::vector<Field>& fields);

/// Whether a response to `method` has no body whatever its fields say (RFC 9112, section 6.3).
[[nodiscard]] bool has_no_body(std::string_view method, int status) noexcept;

/// ASCII case-insensitive equality, as field names and tokens compare.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// Whether a comma-separated list of tokens ("Connection: close, te") holds `token`, case-insensitively.
[[nodiscard]] bool list_has_token(std::string_view list, std::string_view token) noexcept;

/// Whether `text` is a token (RFC 9110, section 5.6.2).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

}  // namespace runagents::http
