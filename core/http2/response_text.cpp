#include "core/http2/response_text.hpp"

#include <algorithm>
#include <array>

namespace runagents::http2 {
namespace {

constexpr std::size_t digits_of_status = 3;
constexpr std::size_t field_overhead = 4;  ///< ": " and CR LF
constexpr int switching_protocols = 101;

constexpr std::array<std::string_view, 6> of_a_connection = {"connection", "keep-alive",        "proxy-connection",
                                                             "upgrade",    "transfer-encoding", "te"};

bool is_field_name(std::string_view name) {
  return http::is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::ranges::find(of_a_connection, name) == of_a_connection.end();
}

bool is_field_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

}  // namespace

void ResponseText::begin_head() {
  begin_trailers();
  is_head_ = true;
}

void ResponseText::begin_trailers() {
  text_.clear();
  fields_ = 0;
  status_ = 0;
  is_head_ = false;
  is_sound_ = true;
}

bool ResponseText::take_status(std::string_view value) {
  const bool is_number = value.size() == digits_of_status && value.front() >= '1' && value.front() <= '9' &&
                         std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_head_ || status_ != 0 || fields_ > 0 || !is_number) return false;
  status_ = (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0');
  if (status_ == switching_protocols) return false;
  text_.append("HTTP/1.1 ").append(value).append(" \r\n");
  return true;
}

bool ResponseText::add(std::string_view name, std::string_view value) {
  if (!is_sound_) return false;
  if (name == ":status") return is_sound_ = take_status(value);
  is_sound_ = (!is_head_ || status_ != 0) && is_field_name(name) && is_field_value(value) &&
              fields_ < limits_.max_fields &&
              text_.size() + name.size() + value.size() + field_overhead + 2 <= limits_.max_head_bytes;
  if (!is_sound_) return false;
  ++fields_;
  text_.append(name).append(": ").append(value).append("\r\n");
  return true;
}

bool ResponseText::end() {
  if (!is_sound_ || (is_head_ && status_ == 0)) return false;
  text_.append("\r\n");
  return true;
}

bool read_head(std::string_view text, std::string_view method, const http::HeadLimits& limits, bool has_ended,
               http::ResponseHead& head) {
  const auto parsed = http::parse_response_head(text, method, limits, head);
  if (!parsed || *parsed != text.size()) return false;
  head.keep_alive = true;
  if (has_ended) {
    const bool lacks_body = head.content_length > 0 && !http::has_no_body(method, head.status);
    head.framing = http::Framing::none;
    return !lacks_body;
  }
  // There may be trailers even where there is no content.
  if (head.framing != http::Framing::length && !http::has_no_body(method, head.status)) {
    head.framing = http::Framing::chunked;
  }
  return true;
}

}  // namespace runagents::http2
