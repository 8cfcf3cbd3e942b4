#include "core/policy/condition.hpp"

#include <algorithm>

namespace runagents::policy {
namespace {

bool in_hours(const model::Condition::Hours& hours, std::chrono::minutes time) noexcept {
  const auto minute = time.count();
  if (hours.from <= hours.to) return minute >= hours.from && minute < hours.to;
  return minute >= hours.from || minute < hours.to;
}

}  // namespace

Match match_users(const model::Rule& rule, const std::optional<EndUser>& end_user) noexcept {
  if (rule.users.empty()) return Match::yes;
  if (!end_user) return Match::no;
  const auto is_named = [&rule](std::string_view name) {
    return !name.empty() && std::ranges::find(rule.users, name) != rule.users.end();
  };
  return is_named(end_user->id) || is_named(end_user->email) ? Match::yes : Match::no;
}

Match match_groups(const model::Rule& rule, const std::optional<EndUser>& end_user) noexcept {
  if (rule.groups.empty()) return Match::yes;
  if (!end_user) return Match::no;
  if (!end_user->groups) return Match::unknown;
  return std::ranges::find_first_of(rule.groups, *end_user->groups) == rule.groups.end() ? Match::no : Match::yes;
}

bool in_force(const model::Condition& condition, std::chrono::sys_seconds now) noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const auto weekday = std::chrono::weekday(day).iso_encoding() - 1;
  if (condition.days != 0 && ((condition.days >> weekday) & 1U) == 0) return false;
  return !condition.hours || in_hours(*condition.hours, std::chrono::floor<std::chrono::minutes>(now - day));
}

}  // namespace runagents::policy
