#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/http/head.hpp"

namespace runagents::http2 {

/// How the target of a request is written down.
enum class TargetForm {
  origin,    ///< the path; the authority is in Host
  absolute,  ///< scheme, authority and path: a request to a proxy
};

/// The header section of a request as it comes in, field by field, and then the same request as HTTP/1.1 would say it:
/// what that has no single reading of is refused here, too (RFC 9113, sections 8.2, 8.3 and 10.3). Not thread-safe.
class RequestText {
 public:
  /// A field in the order of arrival, pseudo-header fields first. False: it cannot be written down.
  [[nodiscard]] bool add(std::string_view name, std::string_view value);

  /// Writes the head down and parses it; `head` has views into this object. `has_body`: the stream did not end with the
  /// header section. `scheme`: that of the connection; empty: whatever the client says.
  [[nodiscard]] std::expected<void, http::HeadError> finish(bool has_body, TargetForm form, std::string_view scheme,
                                                            const http::HeadLimits& limits, http::RequestHead& head);

  [[nodiscard]] bool is_tunnel() const noexcept { return method_ == "CONNECT" && protocol_.empty(); }
  [[nodiscard]] bool is_websocket() const noexcept { return !protocol_.empty(); }

 private:
  std::expected<void, http::HeadError> write_down(bool has_body, TargetForm form);

  std::string method_;
  std::string scheme_;
  std::string authority_;
  std::string path_;
  std::string protocol_;
  std::string cookies_;
  std::string host_;
  std::string fields_;
  std::string text_;
  bool has_authority_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
};

}  // namespace runagents::http2
