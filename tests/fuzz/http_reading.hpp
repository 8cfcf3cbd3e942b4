#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <http_parser.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runagents::fuzz {

/// One message as Node's former parser reads it (http-parser): a second opinion that shares no line
/// with ours.
struct ReadMessage {
  std::string method;                                       ///< of a request
  std::string target;                                       ///< likewise
  int status = 0;                                           ///< of a response
  std::vector<std::pair<std::string, std::string>> fields;  ///< those of the head, names as they came
  std::string body;
  bool has_head = false;
  bool is_complete = false;
  bool switches = false;  ///< what follows may be no HTTP: CONNECT, an upgrade

  /// Values of the fields with this lower-case name.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [one, value] : fields) {
      if (std::ranges::equal(one, name, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; })) {
        values.emplace_back(value);
      }
    }
    return values;
  }
};

/// What a reader finds in the bytes of one direction of a connection.
struct Reading {
  std::vector<ReadMessage> messages;
  std::size_t taken = 0;  ///< bytes that belong to these messages
  bool is_malformed = false;
  bool is_inside = false;  ///< the bytes ended in the middle of the last message
};

class HttpReader {
 public:
  /// The message at this place in a row of responses has no body whatever its head says, and with `switches` no HTTP
  /// comes after it.
  struct Expectation {
    bool no_body = false;
    bool switches = false;
  };
  using Expect = std::function<Expectation(std::size_t final_responses, int status)>;

  [[nodiscard]] static Reading requests(std::string_view bytes) {
    return HttpReader{HTTP_REQUEST, {}}.read(bytes, false);
  }
  /// `ended`: the connection was closed behind the bytes.
  [[nodiscard]] static Reading responses(std::string_view bytes, bool ended, Expect expect) {
    return HttpReader{HTTP_RESPONSE, std::move(expect)}.read(bytes, ended);
  }

 private:
  HttpReader(http_parser_type type, Expect expect) : expect_{std::move(expect)} {
    http_parser_init(&parser_, type);
    parser_.data = this;
    http_parser_settings_init(&settings_);
    settings_.on_message_begin = [](http_parser* parser) {
      of(parser).reading_.messages.emplace_back();
      of(parser).in_value_ = true;
      return 0;
    };
    settings_.on_url = [](http_parser* parser, const char* at, std::size_t size) {
      of(parser).message().target.append(at, size);
      return 0;
    };
    settings_.on_header_field = [](http_parser* parser, const char* at, std::size_t size) {
      return of(parser).add_name({at, size});
    };
    settings_.on_header_value = [](http_parser* parser, const char* at, std::size_t size) {
      // http-parser 2.9 takes the beginning of a name for the whole: "Transfer-Encodings" has it expect that framing.
      if (of(parser).message().all("transfer-encoding").empty()) parser->uses_transfer_encoding = 0;
      return of(parser).add_value({at, size});
    };
    settings_.on_headers_complete = [](http_parser* parser) { return of(parser).end_head(); };
    settings_.on_body = [](http_parser* parser, const char* at, std::size_t size) {
      of(parser).message().body.append(at, size);
      return 0;
    };
    settings_.on_message_complete = [](http_parser* parser) {
      of(parser).message().is_complete = true;
      return 0;
    };
  }

  static HttpReader& of(http_parser* parser) { return *static_cast<HttpReader*>(parser->data); }
  ReadMessage& message() { return reading_.messages.back(); }

  int add_name(std::string_view piece) {
    if (message().has_head) return 0;  // A trailer
    if (in_value_) message().fields.emplace_back();
    in_value_ = false;
    message().fields.back().first.append(piece);
    return 0;
  }
  int add_value(std::string_view piece) {
    if (message().has_head) return 0;
    in_value_ = true;
    message().fields.back().second.append(piece);
    return 0;
  }
  int end_head() {
    message().has_head = true;
    if (parser_.type == HTTP_REQUEST) {
      message().method = http_method_str(static_cast<http_method>(parser_.method));
      return 0;
    }
    message().status = static_cast<int>(parser_.status_code);
    const bool is_final = message().status >= 200 || message().status == 101;
    if (!is_final) return 0;
    const auto expected = expect_(finals_++, message().status);
    message().switches = expected.switches;
    if (expected.switches) return 2;
    return expected.no_body ? 1 : 0;
  }

  Reading read(std::string_view bytes, bool ended) {
    const auto taken = http_parser_execute(&parser_, &settings_, bytes.data(), bytes.size());
    const bool switched = parser_.upgrade != 0;
    const bool has_failed = HTTP_PARSER_ERRNO(&parser_) != HPE_OK;
    if (switched && !has_failed && !reading_.messages.empty()) message().switches = true;
    if (ended && !switched && !has_failed && taken == bytes.size()) {
      static_cast<void>(http_parser_execute(&parser_, &settings_, nullptr, 0));
    }
    reading_.taken = taken;
    reading_.is_inside = !reading_.messages.empty() && !message().is_complete;
    // The end of the input inside of a message is none of its flaws.
    reading_.is_malformed = has_failed || (!switched && taken != bytes.size());
    return std::move(reading_);
  }

  http_parser parser_{};
  http_parser_settings settings_{};
  Expect expect_;
  Reading reading_;
  std::size_t finals_ = 0;
  bool in_value_ = true;
};

}  // namespace runagents::fuzz
