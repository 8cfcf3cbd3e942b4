// A line under the cursor in bash, and a text that is inserted there: bash reads that very text, and nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/completion/line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::cli;
  constexpr std::string_view breaks = " \t\n\"'><=;|&(:@";
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto line = read_bash_line(text, breaks);
  if (line.words.empty() || !line.words.back().starts_with(line.kept)) std::abort();
  // Names are lines.
  if (text.find('\0') != text.npos || text.find('\n') != text.npos) return 0;
  for (const char quote : {'\0', '"', '\''}) {
    const auto inserted = read_bash_line("runagents " + quoted_for_bash(text, quote), breaks);
    if (inserted.words.size() != 2 || inserted.words.back() != text || inserted.wants_file) std::abort();
    if (inserted.quote != 0) std::abort();
  }
  return 0;
}
