#include "tests/bench/load/response.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <strings.h>

namespace runagents::bench {
namespace {

std::uint64_t number(std::string_view text, int base) {
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value, base).ec != std::errc{})
    throw std::runtime_error{"no number: " + std::string{text}};
  return value;
}

/// The value of a field, without the blank before it; empty: there is none.
std::string_view value_of(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        ::strncasecmp(line.data(), name.data(), name.size()) == 0) {
      const auto value = line.substr(name.size() + 1);
      return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
  }
  return {};
}

}  // namespace

void ResponseReader::reset() {
  state_ = State::head;
  head_.clear();
  line_.clear();
  closes_ = false;
}

bool ResponseReader::feed(std::string_view bytes) {
  while (!bytes.empty() && state_ != State::whole) bytes.remove_prefix(take(bytes));
  if (!bytes.empty()) throw std::runtime_error{"bytes came after the answer"};
  return state_ == State::whole;
}

void ResponseReader::read_head() {
  const std::string_view head{head_};
  if (!head.starts_with("HTTP/1.1 200 ")) throw std::runtime_error{"the answer is " + head_.substr(0, 300)};
  const auto connection = value_of(head, "connection");
  closes_ = connection.size() >= 5 && ::strncasecmp(connection.data(), "close", 5) == 0;
  if (const auto length = value_of(head, "content-length"); !length.empty()) {
    left_ = number(length, 10);
    state_ = left_ == 0 ? State::whole : State::length;
  } else if (value_of(head, "transfer-encoding").starts_with("chunked")) {
    state_ = State::size_line;
  } else {
    throw std::runtime_error{"an answer without a length: " + head_};
  }
}

std::size_t ResponseReader::take_line(std::string_view bytes) {
  const auto end = bytes.find('\n');
  const auto size = end == std::string_view::npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, size));
  if (end != std::string_view::npos) {
    end_line();
    line_.clear();
  }
  return size;
}

void ResponseReader::end_line() {
  if (state_ == State::size_line) {
    left_ = number(line_, 16);
    state_ = left_ == 0 ? State::trailer : State::chunk;
  } else if (state_ == State::chunk_end) {
    state_ = State::size_line;
  } else if (line_ == "\r\n") {
    state_ = State::whole;
  }
}

std::size_t ResponseReader::take(std::string_view bytes) {
  if (state_ == State::head) {
    const auto before = head_.size();
    head_.append(bytes);
    const auto end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) return bytes.size();
    head_.resize(end + 2);
    read_head();
    return end + 4 - before;
  }
  if (state_ != State::length && state_ != State::chunk) return take_line(bytes);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  if (on_body) on_body(bytes.substr(0, size));
  left_ -= size;
  if (left_ == 0) state_ = state_ == State::length ? State::whole : State::chunk_end;
  return size;
}

}  // namespace runagents::bench
