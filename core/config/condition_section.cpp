#include <array>

#include "core/config/sections.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::Condition;

void read_hours(const Value& value, Condition& condition) {
  condition.hours = parse_hours(value.text());
  if (!condition.hours) value.report("is not a span of hours", R"(write it like "09:00-18:00", in UTC)");
}

void read_days(const Value& value, Condition& condition) {
  for (const auto& item : value.items()) {
    if (const auto day = parse_day(item.text())) {
      condition.days = static_cast<std::uint8_t>(condition.days | (1U << static_cast<unsigned>(*day)));
    } else {
      item.report(R"(must be "mon", "tue", "wed", "thu", "fri", "sat" or "sun")");
    }
  }
}

constexpr std::array keys = {
    Key<Condition>{"hours", Shape::text, read_hours},
    Key<Condition>{"days", Shape::words, read_days},
};

}  // namespace

void read_condition(const Value& table, Condition& condition) {
  read_table(table, keys, condition);
  if (table.node().members.empty()) table.report("must not be empty", "leave the key out instead");
}

void list_condition_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
