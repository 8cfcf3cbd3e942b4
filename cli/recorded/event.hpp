#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace runagents::cli {

/// A point in time of a record, UTC.
using Moment = std::chrono::sys_time<std::chrono::microseconds>;

/// One line of a run's record as exports show it. Texts are as they were recorded: whoever shows them escapes them.
/// What a line does not say, or says in another type than the journal writes, is empty or zero.
struct RecordedEvent {
  nlohmann::ordered_json members;  ///< an object; what exports show of it they take by name
  std::string type;
  bool is_call = false;  ///< something went, or wanted to go, from one to another, and it took its time
  Moment start;          ///< of a call when it came in, otherwise when it happened
  std::chrono::microseconds deciding{0};
  std::chrono::microseconds waited{0};    ///< for a person, or for a connection
  std::chrono::microseconds upstream{0};  ///< from the first byte that was sent on to the end

  [[nodiscard]] std::chrono::microseconds took() const { return deciding + waited + upstream; }
  /// Numbers and objects as JSON.
  [[nodiscard]] std::string text(const char* name) const;
  [[nodiscard]] std::uint64_t count(const char* name) const;
  [[nodiscard]] double number(const char* name) const;
  /// "payments#2"; empty when no rule decided.
  [[nodiscard]] std::string rule() const;
};

[[nodiscard]] RecordedEvent read_event(const std::string& line);

/// The lines of a journal, in the order in which things began.
[[nodiscard]] std::vector<RecordedEvent> read_recorded(std::span<const std::string> lines);

/// "2026-05-01T12:00:00.123456Z".
[[nodiscard]] std::string to_iso8601(Moment time);

}  // namespace runagents::cli
