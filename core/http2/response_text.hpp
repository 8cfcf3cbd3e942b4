#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.hpp"

namespace runagents::http2 {

/// Takes the fields of a response's header or trailer section, one by one as they are decompressed, and writes them
/// down as HTTP/1.1 would have them, so that there is one reading of responses, `http::parse_response_head`, for all
/// versions. Refuses what has no such form.
class ResponseText {
 public:
  explicit ResponseText(const http::HeadLimits& limits) : limits_{limits} {}

  void begin_head();
  void begin_trailers();
  /// False: malformed, or more than the limits allow. Takes nothing more then.
  [[nodiscard]] bool add(std::string_view name, std::string_view value);
  /// Ends the section. False: malformed.
  [[nodiscard]] bool end();

  [[nodiscard]] bool is_interim() const noexcept { return status_ < first_final; }
  [[nodiscard]] std::string& text() noexcept { return text_; }

 private:
  static constexpr int first_final = 200;

  bool take_status(std::string_view value);

  http::HeadLimits limits_;
  std::string text_;
  std::size_t fields_ = 0;
  int status_ = 0;
  bool is_head_ = false;
  bool is_sound_ = false;
};

/// Reads what `ResponseText` has written of a head, in answer to `method`; `text` stays where it is. `has_ended`: the
/// response has no more than this head. False: malformed.
[[nodiscard]] bool read_head(std::string_view text, std::string_view method, const http::HeadLimits& limits,
                             bool has_ended, http::ResponseHead& head);

}  // namespace runagents::http2
