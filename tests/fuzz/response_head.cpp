#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/http/head.hpp"

// The first byte chooses the request's method.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::http;
  if (size == 0) return 0;
  const std::string_view method = data[0] % 2 == 0 ? "GET" : "HEAD";
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  ResponseHead head;
  const auto parsed = parse_response_head(bytes, method, {}, head);
  if (!parsed || *parsed == 0) return 0;
  if (*parsed > bytes.size() || head.status < 100 || head.status > 999) std::abort();
  if (method == "HEAD" && head.framing != Framing::none) std::abort();
  if (head.framing == Framing::until_close && head.keep_alive) std::abort();
  return 0;
}
