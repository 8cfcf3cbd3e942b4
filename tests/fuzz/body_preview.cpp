// The preview of a body that a person is asked about: bounded, text, nothing that a terminal would obey.
// Input: the content type up to a line feed, then the body.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/audit/masking.hpp"
#include "core/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents;
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto line = input.find('\n');
  if (line == input.npos) return 0;
  const auto type = input.substr(0, line);
  const auto body = input.substr(line + 1);
  for (const std::size_t limit : {std::size_t{4096}, std::size_t{64}}) {
    const auto preview = audit::preview_body(body, type, limit);
    if (preview.size() > limit + 64 || !is_utf8(preview)) std::abort();
    for (const char c : preview) {
      if ((c >= 0 && c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) std::abort();
    }
  }
  std::string masked;
  audit::append_masked_url(masked, input);
  return 0;
}
