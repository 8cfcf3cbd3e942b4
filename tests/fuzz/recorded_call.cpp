// A line of a recording, which may come from another machine: what is read is written to a line that is read the same.
#include "runner/replay/recorded_call.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::replay;
  const auto call = from_line({reinterpret_cast<const char*>(data), size});
  if (!call) return 0;
  const auto line = to_line(*call);
  if (line.find('\n') != line.npos) std::abort();
  const auto again = from_line(line);
  if (!again || again->key != call->key || again->number != call->number || again->request != call->request) {
    std::abort();
  }
  if (again->status != call->status || again->fields != call->fields || again->body != call->body ||
      again->trailers != call->trailers || again->content_length != call->content_length ||
      again->has_body != call->has_body || again->is_cut != call->is_cut || to_line(*again) != line) {
    std::abort();
  }
  return 0;
}
