#include "cli/live/short_time.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace runagents::cli::live {

using namespace std::chrono_literals;

std::string short_age(model::Time time, model::Time now) {
  const auto age = std::max(now - time, std::chrono::milliseconds{0});
  if (age < 1min) return fmt::format("{} s", age / 1s);
  if (age < 1h) return fmt::format("{} min", age / 1min);
  if (age < 48h) return fmt::format("{} h", age / 1h);
  return fmt::format("{} d", age / 24h);
}

std::string short_left(model::Time time, model::Time now) {
  const auto left = std::max(time - now, std::chrono::milliseconds{0});
  if (left < 1h) return fmt::format("{}:{:02}", left / 1min, left % 1min / 1s);
  if (left < 48h) return fmt::format("{}:{:02}:{:02}", left / 1h, left % 1h / 1min, left % 1min / 1s);
  return fmt::format("{} d", left / 24h);
}

}  // namespace runagents::cli::live
