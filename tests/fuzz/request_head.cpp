#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/http/head.hpp"

// Any bytes: a head is incomplete, refused, or read; what is read stays the same when more bytes follow, and holds
// nothing that could end a line or a head a second time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::http;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  RequestHead head;
  const auto parsed = parse_request_head(bytes, {}, head);
  if (!parsed || *parsed == 0) return 0;
  if (*parsed > size || !bytes.substr(0, *parsed).ends_with("\r\n\r\n")) std::abort();
  if (!is_token(head.method) || head.target.find_first_of(" \r\n") != std::string_view::npos) std::abort();
  for (const auto& field : head.fields) {
    if (!is_token(field.name) || field.value.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos) {
      std::abort();
    }
  }
  // The prefix alone is the same head, and every shorter prefix is incomplete or the same refusal of nothing.
  RequestHead again;
  const std::string prefix{bytes.substr(0, *parsed)};
  if (parse_request_head(prefix, {}, again).value_or(0) != *parsed) std::abort();
  if (parse_request_head(std::string_view{prefix}.substr(0, prefix.size() - 1), {}, again).value_or(1) != 0)
    std::abort();
  return 0;
}
