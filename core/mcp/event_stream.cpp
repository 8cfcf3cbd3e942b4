#include "core/mcp/event_stream.hpp"

#include <algorithm>
#include <utility>

namespace runagents::mcp {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

void append_lines(std::string& out, std::string_view name, std::string_view value) {
  for (;;) {
    const auto end = value.find_first_of("\r\n");
    out.append(name).append(": ").append(value.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    value.remove_prefix(end + (value.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

}  // namespace

bool EventStreamReader::feed(std::string_view bytes, std::vector<ServerEvent>& events) {
  while (!bytes.empty() && !too_large_) {
    if (std::exchange(after_cr_, false) && bytes.front() == '\n') {
      current_.raw.push_back('\n');
      bytes.remove_prefix(1);
      continue;
    }
    const auto end = bytes.find_first_of("\r\n");
    const bool ends = end != std::string_view::npos;
    const auto taken = bytes.substr(0, ends ? end + 1 : bytes.size());
    if (current_.raw.size() + taken.size() > max_event_bytes_) {
      too_large_ = true;
      break;
    }
    current_.raw.append(taken);
    line_.append(bytes.substr(0, end));
    bytes.remove_prefix(taken.size());
    if (!ends) break;
    after_cr_ = taken.back() == '\r';
    end_line(events);
  }
  return !too_large_;
}

void EventStreamReader::end_line(std::vector<ServerEvent>& events) {
  auto line = std::exchange(line_, {});
  std::string_view text = line;
  if (std::exchange(first_line_, false) && text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  if (text.empty() || (text.front() == ':' && !in_event_)) return dispatch(events);
  if (text.front() == ':') return;
  in_event_ = true;
  const auto colon = text.find(':');
  auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  field(text.substr(0, colon), value);
}

void EventStreamReader::field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (current_.has_data) current_.data.push_back('\n');
    current_.data.append(value);
    current_.has_data = true;
  } else if (name == "event") {
    current_.type = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) current_.id = value;
  } else if (name == "retry") {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!value.empty() && std::ranges::all_of(value, is_digit)) current_.retry = value;
  }
}

void EventStreamReader::dispatch(std::vector<ServerEvent>& events) {
  events.push_back(std::exchange(current_, {}));
  in_event_ = false;
}

std::string write_event(const ServerEvent& event) {
  std::string out;
  if (!event.type.empty()) append_lines(out, "event", event.type);
  if (event.id) append_lines(out, "id", *event.id);
  if (event.retry) append_lines(out, "retry", *event.retry);
  if (event.has_data) append_lines(out, "data", event.data);
  out.push_back('\n');
  return out;
}

}  // namespace runagents::mcp
