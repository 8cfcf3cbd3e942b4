#include <array>
#include <cmath>

#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

using model::Limits;

constexpr double pico_dollars = 1e12;

constexpr std::array keys = {
    Key<Limits>{"requests_per_minute", Shape::integer,
                [](const Value& v, Limits& l) { l.requests_per_minute = v.integer(); }},
    Key<Limits>{"burst", Shape::integer, [](const Value& v, Limits& l) { l.burst = v.integer(); }},
    Key<Limits>{"calls_per_run", Shape::integer, [](const Value& v, Limits& l) { l.calls_per_run = v.integer(); }},
};

template <model::PicoDollars Limits::* member>
void read_budget(const Value& value, Limits& limits) {
  limits.*member = static_cast<model::PicoDollars>(std::llround(value.number() * pico_dollars));
  if (limits.*member == 0) value.report("must be more than nothing", "deny models with a rule instead");
}

constexpr std::array model_keys = {
    keys[0],
    keys[1],
    keys[2],
    Key<Limits>{"tokens_per_minute", Shape::integer,
                [](const Value& v, Limits& l) { l.tokens_per_minute = v.integer(); }},
    Key<Limits>{"budget_per_run", Shape::number, read_budget<&Limits::budget_per_run>},
    Key<Limits>{"budget_per_month", Shape::number, read_budget<&Limits::budget_per_month>},
};

void check_burst(const Value& table) {
  const auto burst = table.member("burst");
  if (burst && !table.member("requests_per_minute")) burst->report(R"(means nothing without "requests_per_minute")");
}

}  // namespace

void read_limits(const Value& table, Limits& limits) {
  read_table(table, keys, limits);
  check_burst(table);
}

void list_limits_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

void read_model_limits(const Value& table, Limits& limits) {
  read_table(table, model_keys, limits);
  check_burst(table);
}

void list_model_limits_keys(const std::string& prefix, Names& names) { list_keys(prefix, model_keys, names); }

}  // namespace runagents::config
