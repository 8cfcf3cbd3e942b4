#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/mcp/event_stream.hpp"

namespace runagents::mcp {

/// Whether a tool of this name is shown.
using MaySee = std::function<bool(std::string_view name)>;

/// Takes the tools that may not be seen out of a result of tools/list; entries without a name go, too. All else stays:
/// order, nextCursor, _meta. A `cacheScope` (2026-07-28, "Caching") becomes "private", also when nothing was taken out,
/// because the next caller may see less. Returns whether anything changed; a value without an array `tools` is left as
/// it is.
bool filter_tools(nlohmann::ordered_json& result, const MaySee& may_see);

/// The same for the text of a response, or of an array of them: in each message whose result has an array `tools`. The
/// text comes back as it was when nothing changes. A text that is not JSON with one reading is an error, which tells
/// why and repeats nothing of it.
[[nodiscard]] std::expected<std::string, std::string> filter_response(std::string_view text, const MaySee& may_see,
                                                                      std::size_t max_depth = 128);

/// The same for a text/event-stream, event by event; events without such a result pass byte for byte as soon as they
/// are complete. Of one thread.
class ToolListStream {
 public:
  ToolListStream(MaySee may_see, std::size_t max_event_bytes)
      : may_see_{std::move(may_see)}, reader_{max_event_bytes} {}

  /// The next bytes to send, maybe none. An error: an event that is too large, or has no single reading.
  [[nodiscard]] std::expected<std::string, std::string> pass(std::string_view bytes);

 private:
  MaySee may_see_;
  EventStreamReader reader_;
};

}  // namespace runagents::mcp
