// A text/event-stream: the first byte chooses how it is cut. Events do not depend on the cut, and lose no byte.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/mcp/event_stream.hpp"
#include "core/mcp/tool_list.hpp"

namespace {

using namespace runagents::mcp;

bool same(const ServerEvent& left, const ServerEvent& right) {
  return left.type == right.type && left.data == right.data && left.has_data == right.has_data && left.id == right.id &&
         left.retry == right.retry;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 16 + 1U;
  const std::string_view text{reinterpret_cast<const char*>(data + 1), size - 1};
  EventStreamReader whole{1U << 20U};
  EventStreamReader cut{1U << 20U};
  std::vector<ServerEvent> events;
  std::vector<ServerEvent> pieces;
  if (!whole.feed(text, events)) return 0;
  for (std::size_t at = 0; at < text.size(); at += step) {
    if (!cut.feed(text.substr(at, step), pieces)) std::abort();
  }
  if (events.size() != pieces.size()) std::abort();
  std::string raw;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!same(events[i], pieces[i])) std::abort();
    raw += events[i].raw;
  }
  if (raw + std::string{whole.rest()} != text) std::abort();

  // What was filtered has nothing left to filter.
  const auto may_see = [](std::string_view name) { return name != "hidden"; };
  ToolListStream filter{may_see, 1U << 20U};
  const auto passed = filter.pass(text);
  if (!passed) return 0;
  ToolListStream again{may_see, 1U << 21U};
  if (again.pass(*passed) != *passed) std::abort();
  return 0;
}
