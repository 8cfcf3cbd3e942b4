#include "cli/recorded/event.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "core/model/approval.hpp"

namespace runagents::cli {
namespace {

using std::chrono::microseconds;

constexpr std::array<std::string_view, 3> types_of_calls = {"TOOL_CALLED", "MODEL_CALLED", "INGRESS_REQUEST"};

/// Longer than any run: what a line from elsewhere claims beyond it must not overflow.
constexpr std::uint64_t max_length_us = 366ULL * 24 * 3600 * 1'000'000;

microseconds length(const RecordedEvent& event, const char* name) {
  return microseconds{std::min(event.count(name), max_length_us)};
}

}  // namespace

RecordedEvent read_event(const std::string& line) {
  RecordedEvent event;
  event.members = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!event.members.is_object()) event.members = nlohmann::ordered_json::object();
  event.type = event.text("type");
  event.is_call = std::ranges::find(types_of_calls, event.type) != types_of_calls.end();
  event.deciding = length(event, "us_decide");
  event.waited = length(event, "us_queue");
  event.upstream = length(event, "us_upstream");
  // A call is recorded when it ends.
  event.start = model::from_iso8601(event.text("ts")).value_or(model::Time{}) - event.took();
  return event;
}

std::string RecordedEvent::text(const char* name) const {
  const auto found = members.find(name);
  if (found == members.end() || found->is_null()) return {};
  if (const auto* string = found->get_ptr<const std::string*>()) return *string;
  return found->dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::uint64_t RecordedEvent::count(const char* name) const {
  const auto found = members.find(name);
  return found != members.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

double RecordedEvent::number(const char* name) const {
  const auto found = members.find(name);
  return found != members.end() && found->is_number() ? found->get<double>() : 0;
}

std::string RecordedEvent::rule() const {
  const auto policy = text("policy");
  const auto rule = text("rule");
  return rule.empty() ? policy : fmt::format("{}#{}", policy, rule);
}

std::vector<RecordedEvent> read_recorded(std::span<const std::string> lines) {
  std::vector<RecordedEvent> events;
  events.reserve(lines.size());
  for (const auto& line : lines) events.push_back(read_event(line));
  std::ranges::sort(events, {}, [](const auto& event) { return std::pair{event.start, event.count("seq")}; });
  return events;
}

std::string to_iso8601(Moment time) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
  auto text = model::to_iso8601(milliseconds);
  text.pop_back();
  return fmt::format("{}{:03}Z", text, (time - milliseconds).count());
}

}  // namespace runagents::cli
