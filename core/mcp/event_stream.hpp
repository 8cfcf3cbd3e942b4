#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::mcp {

/// One event of a text/event-stream (HTML, section 9.2.6), dispatched or not. A comment line outside of an event is one
/// by itself, without data, because it comes to keep the connection alive.
struct ServerEvent {
  std::string type;                  ///< the field `event`; empty: "message"
  std::string data;                  ///< lines joined by LF
  bool has_data = false;             ///< false: only comments, an id or a retry
  std::optional<std::string> id;     ///< empty text is an id, too: it resets the last one
  std::optional<std::string> retry;  ///< digits, in ms
  std::string raw;                   ///< the very bytes, with comments, up to and with the blank line
};

/// Reads a text/event-stream piece by piece. Lines end with CR, LF or CR LF; a byte-order mark at the start is skipped.
/// Does no I/O; of one thread.
class EventStreamReader {
 public:
  explicit EventStreamReader(std::size_t max_event_bytes) : max_event_bytes_{max_event_bytes} {}

  /// Takes bytes and adds the events that they complete. False: an event is larger than allowed; nothing more is read
  /// then.
  [[nodiscard]] bool feed(std::string_view bytes, std::vector<ServerEvent>& events);

  /// What was read of an event that is not complete. At the end of a stream it is dropped: an incomplete event is none.
  [[nodiscard]] std::string_view rest() const noexcept { return current_.raw; }

 private:
  void end_line(std::vector<ServerEvent>& events);
  void field(std::string_view name, std::string_view value);
  void dispatch(std::vector<ServerEvent>& events);

  std::size_t max_event_bytes_;
  ServerEvent current_;
  std::string line_;
  bool first_line_ = true;
  bool in_event_ = false;  ///< a field was seen since the last blank line
  bool after_cr_ = false;
  bool too_large_ = false;
};

/// The event on the wire; `raw` is not looked at.
[[nodiscard]] std::string write_event(const ServerEvent& event);

}  // namespace runagents::mcp
