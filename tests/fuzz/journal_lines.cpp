// Lines of a journal, as `runs verify` gets them from a disk or a server: what is proven of a journal is proven of its
// beginning, too, and a change of one byte is found.
// Input: where to change something, then lines.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/journal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents;
  if (size < 2) return 0;
  std::string_view text{reinterpret_cast<const char*>(data) + 2, size - 2};
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
  const auto report = audit::verify(std::span<const std::string>{lines});
  if (report.events > lines.size() || report.calls > report.events) std::abort();
  if (report.intact != (report.bad_line == 0)) std::abort();
  if (!report.intact && report.problem.empty()) std::abort();
  if (!report.intact || lines.empty()) return 0;
  for (std::size_t count = 1; count <= lines.size(); ++count) {
    const auto part = audit::verify(std::span<const std::string>{lines}.first(count));
    if (!part.intact || part.events != count) std::abort();
  }
  auto& changed = lines[data[0] % lines.size()];
  if (changed.empty()) return 0;
  changed[changed.size() * data[1] / 256] ^= 1;
  if (audit::verify(std::span<const std::string>{lines}).intact) std::abort();
  return 0;
}
