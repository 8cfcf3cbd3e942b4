#include <array>

#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

constexpr std::array keys = {
    Key<model::Limits>{"requests_per_minute", Shape::integer,
                       [](const Value& v, model::Limits& l) { l.requests_per_minute = v.integer(); }},
    Key<model::Limits>{"burst", Shape::integer, [](const Value& v, model::Limits& l) { l.burst = v.integer(); }},
    Key<model::Limits>{"calls_per_run", Shape::integer,
                       [](const Value& v, model::Limits& l) { l.calls_per_run = v.integer(); }},
};

}  // namespace

void read_limits(const Value& table, model::Limits& limits) {
  read_table(table, keys, limits);
  const auto burst = table.member("burst");
  if (burst && !table.member("requests_per_minute")) burst->report(R"(means nothing without "requests_per_minute")");
}

void list_limits_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
