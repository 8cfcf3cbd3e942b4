#include "core/http2/request_block.hpp"

#include <algorithm>
#include <array>

#include "core/http/head.hpp"

namespace runagents::http2 {
namespace {

constexpr std::array<std::string_view, 8> of_the_connection = {
    "connection", "transfer-encoding", "te", "upgrade", "keep-alive", "proxy-connection", "http2-settings", "host"};

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find("\r\n"), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 2, text.size()));
  return line;
}

std::string_view name_of(std::string_view line) { return line.substr(0, line.find(':')); }

std::string_view value_of(std::string_view line) {
  const auto colon = line.find(':');
  line.remove_prefix(colon == std::string_view::npos ? line.size() : colon + 1);
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

std::string_view host_in(std::string_view fields) {
  while (!fields.empty()) {
    const auto line = take_line(fields);
    if (http::equal_ignoring_case(name_of(line), "host")) return value_of(line);
  }
  return {};
}

}  // namespace

void write_request(HeaderBlock& block, std::string_view head, std::string_view scheme, bool wants_trailers) {
  block.clear();
  const auto request = take_line(head);
  const auto method_end = std::min(request.find(' '), request.size());
  const auto target = request.substr(std::min(method_end + 1, request.size()));
  block.add(":method", request.substr(0, method_end));
  block.add(":scheme", scheme);
  block.add(":authority", host_in(head));
  block.add(":path", target.substr(0, target.rfind(' ')));
  while (!head.empty()) {
    const auto line = take_line(head);
    const auto is_left_out = [name = name_of(line)](std::string_view one) {
      return http::equal_ignoring_case(name, one);
    };
    if (!std::ranges::any_of(of_the_connection, is_left_out)) block.add_lines(line);
  }
  if (wants_trailers) block.add("te", "trailers");
}

}  // namespace runagents::http2
