#include "core/http2/request_text.hpp"

#include <algorithm>
#include <utility>

#include "core/http2/websocket_key.hpp"

namespace runagents::http2 {
namespace {

std::unexpected<http::HeadError> malformed(std::string_view message) {
  return std::unexpected(http::HeadError{http::HeadError::Kind::malformed, message});
}

bool is_one_line(std::string_view text) { return text.find_first_of(std::string_view{"\r\n\0", 3}) == text.npos; }

}  // namespace

bool RequestText::add(std::string_view name, std::string_view value) {
  if (!is_one_line(name) || !is_one_line(value)) return false;
  if (name.starts_with(':')) {
    for (const auto& [known, place] : {std::pair{":method", &method_},
                                       {":scheme", &scheme_},
                                       {":authority", &authority_},
                                       {":path", &path_},
                                       {":protocol", &protocol_}}) {
      if (name != known) continue;
      has_authority_ = has_authority_ || place == &authority_;
      place->assign(value);
      return true;
    }
    return false;
  }
  if (name == "cookie") {
    // Crumbs, for the sake of compression (RFC 9113, section 8.2.3).
    if (!cookies_.empty()) cookies_.append("; ");
    cookies_.append(value);
    return true;
  }
  if (name == "host") {
    if (std::exchange(has_host_, true)) return false;
    host_.assign(value);
    return true;
  }
  has_length_ = has_length_ || name == "content-length";
  fields_.append(name).append(": ").append(value).append("\r\n");
  return true;
}

std::expected<void, http::HeadError> RequestText::write_down(bool has_body, TargetForm form) {
  if (has_host_ && has_authority_ && host_ != authority_) return malformed("Host is not what :authority says");
  const auto& authority = has_authority_ ? authority_ : host_;
  if (authority.empty()) return malformed("there is no :authority");
  const bool is_absolute = form == TargetForm::absolute && path_ != "*";
  text_.assign(is_websocket() ? std::string_view{"GET"} : std::string_view{method_}).append(" ");
  if (is_tunnel()) {
    text_.append(authority);
  } else if (is_absolute) {
    text_.append(scheme_).append("://").append(authority).append(path_);
  } else {
    text_.append(path_);
  }
  text_.append(" HTTP/1.1\r\nhost: ").append(authority).append("\r\n").append(fields_);
  if (!cookies_.empty()) text_.append("cookie: ").append(cookies_).append("\r\n");
  if (is_websocket()) {
    text_.append("connection: Upgrade\r\nupgrade: ").append(protocol_);
    text_.append("\r\nsec-websocket-key: ").append(new_websocket_key()).append("\r\n");
  } else if (has_body && !has_length_ && !is_tunnel()) {
    text_.append("transfer-encoding: chunked\r\n");
  }
  text_.append("\r\n");
  return {};
}

std::expected<void, http::HeadError> RequestText::finish(bool has_body, TargetForm form, std::string_view scheme,
                                                         const http::HeadLimits& limits, http::RequestHead& head) {
  if (!is_tunnel()) {
    if (scheme_ != "http" && scheme_ != "https") return malformed(":scheme is neither http nor https");
    if (!scheme.empty() && scheme_ != scheme) return malformed(":scheme is not that of the connection");
    if (!path_.starts_with('/') && (path_ != "*" || method_ != "OPTIONS")) return malformed(":path is not a path");
  }
  if (is_websocket() && (protocol_ != "websocket" || method_ != "CONNECT" || has_length_)) {
    return malformed("no other :protocol than websocket is served");
  }
  if (auto written = write_down(has_body, form); !written) return written;
  const auto parsed = http::parse_request_head(text_, limits, head);
  if (!parsed) return std::unexpected(parsed.error());
  if (*parsed != text_.size()) return malformed("the header section has two readings");
  return {};
}

}  // namespace runagents::http2
