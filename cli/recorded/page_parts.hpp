#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "cli/recorded/event.hpp"
#include "core/model/run.hpp"

/// What write_page puts together.
namespace runagents::cli {

/// The time that a page shows, from its left edge to its right one; never empty.
struct Span {
  Moment from;
  Moment to;
  /// Where in it a time is, in percent with three decimals at most.
  [[nodiscard]] std::string place(Moment time) const;
  [[nodiscard]] std::string share(std::chrono::microseconds length) const;
};

/// Text of a record as it may stand in a page.
[[nodiscard]] std::string shown(std::string_view text);
/// "850 µs", "1.2 ms", "12.4 s", "3 min 20 s".
[[nodiscard]] std::string exact_duration(std::chrono::microseconds length);
/// "9,412".
[[nodiscard]] std::string with_commas(std::uint64_t number);
/// Of a decision, for style: "allowed", "approved", "refused", or "other".
[[nodiscard]] std::string_view style_of(std::string_view decision) noexcept;
/// Labels from "0 s" to the whole length.
[[nodiscard]] std::string axis(const Span& span, int steps);

/// Who ran what, and how it ended.
void write_heading(std::ostream& out, const model::Run& run, model::Time now);
/// The sums of a run, then how they spread over time, by tool and by model.
void write_sums(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events, const Span& span);
/// The controls that choose among rows; shown by the script.
void write_filters(std::ostream& out, std::span<const RecordedEvent> events);
void write_rows(std::ostream& out, std::span<const RecordedEvent> events, const Span& span);
/// What the script shows of a row, as a block of JSON without a character that ends it.
void write_data(std::ostream& out, std::span<const RecordedEvent> events);

}  // namespace runagents::cli
