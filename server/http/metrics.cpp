#include "server/http/metrics.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace runagents::server {
namespace {

constexpr double microseconds_per_second = 1e6;

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

void Metrics::add_request(std::string_view group, int status, std::chrono::nanoseconds took) {
  ++requests_[std::string{group}][status];
  auto& durations = durations_[std::string{group}];
  const auto micros = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const auto* bound = std::ranges::lower_bound(bounds, micros);
  if (bound != bounds.end()) ++durations.within[static_cast<std::size_t>(bound - bounds.begin())];
  ++durations.count;
  durations.sum += took;
}

std::string Metrics::text() const {
  std::string out;
  auto into = std::back_inserter(out);
  out += "# HELP runagents_requests_total Requests that were answered.\n# TYPE runagents_requests_total counter\n";
  for (const auto& [group, statuses] : requests_) {
    for (const auto& [status, count] : statuses) {
      fmt::format_to(into, "runagents_requests_total{{group=\"{}\",status=\"{}\"}} {}\n", group, status, count);
    }
  }
  out +=
      "# HELP runagents_request_seconds How long answers took, the wait of clients included.\n"
      "# TYPE runagents_request_seconds histogram\n";
  for (const auto& [group, durations] : durations_) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      sum += durations.within[i];
      fmt::format_to(into, "runagents_request_seconds_bucket{{group=\"{}\",le=\"{}\"}} {}\n", group,
                     static_cast<double>(bounds[i]) / microseconds_per_second, sum);
    }
    fmt::format_to(into, "runagents_request_seconds_bucket{{group=\"{}\",le=\"+Inf\"}} {}\n", group, durations.count);
    fmt::format_to(into, "runagents_request_seconds_sum{{group=\"{}\"}} {}\n", group, seconds(durations.sum));
    fmt::format_to(into, "runagents_request_seconds_count{{group=\"{}\"}} {}\n", group, durations.count);
  }
  fmt::format_to(into,
                 "# HELP runagents_connections Open connections of clients.\n# TYPE runagents_connections gauge\n"
                 "runagents_connections {}\n"
                 "# HELP runagents_limited_total Requests that came too fast.\n"
                 "# TYPE runagents_limited_total counter\nrunagents_limited_total {}\n",
                 connections_, limited_);
  return out;
}

}  // namespace runagents::server
