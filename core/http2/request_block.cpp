#include "core/http2/request_block.hpp"

#include <algorithm>
#include <array>

#include "core/http/field_lines.hpp"

namespace runagents::http2 {
namespace {

constexpr std::array<std::string_view, 8> of_the_connection = {
    "connection", "transfer-encoding", "te", "upgrade", "keep-alive", "proxy-connection", "http2-settings", "host"};

std::string_view host_in(std::string_view fields) {
  while (!fields.empty()) {
    const auto field = http::field_of(http::take_line(fields));
    if (http::equal_ignoring_case(field.name, "host")) return field.value;
  }
  return {};
}

}  // namespace

void write_request(HeaderBlock& block, std::string_view head, std::string_view scheme, bool wants_trailers) {
  block.clear();
  const auto request = http::take_line(head);
  const auto method_end = std::min(request.find(' '), request.size());
  const auto target = request.substr(std::min(method_end + 1, request.size()));
  block.add(":method", request.substr(0, method_end));
  block.add(":scheme", scheme);
  block.add(":authority", host_in(head));
  block.add(":path", target.substr(0, target.rfind(' ')));
  while (!head.empty()) {
    const auto line = http::take_line(head);
    const auto is_left_out = [name = http::field_of(line).name](std::string_view one) {
      return http::equal_ignoring_case(name, one);
    };
    if (!std::ranges::any_of(of_the_connection, is_left_out)) block.add_lines(line);
  }
  if (wants_trailers) block.add("te", "trailers");
}

}  // namespace runagents::http2
