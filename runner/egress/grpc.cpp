#include "runner/egress/grpc.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "runner/egress/fields.hpp"

namespace runagents::egress {
namespace {

constexpr std::string_view family = "application/grpc";
constexpr std::size_t max_digits = 8;

struct Unit {
  char letter;
  std::chrono::nanoseconds time;
};
constexpr std::array<Unit, 6> units = {{{'n', std::chrono::nanoseconds{1}},
                                        {'u', std::chrono::microseconds{1}},
                                        {'m', std::chrono::milliseconds{1}},
                                        {'S', std::chrono::seconds{1}},
                                        {'M', std::chrono::minutes{1}},
                                        {'H', std::chrono::hours{1}}}};

/// Farther away nothing is waited for, and clocks would overflow (99999999H are 11,000 years).
constexpr std::chrono::nanoseconds longest = std::chrono::hours{24 * 365};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_grpc_type(std::string_view content_type) noexcept {
  if (content_type.size() < family.size() ||
      !http::equal_ignoring_case(content_type.substr(0, family.size()), family)) {
    return false;
  }
  const auto rest = content_type.substr(family.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';' || rest.front() == ' ';
}

std::optional<GrpcCall> read_grpc(const http::RequestHead& head, std::chrono::steady_clock::time_point from) {
  if (head.method != "POST") return std::nullopt;
  bool speaks = false;
  std::optional<GrpcCall> call;
  for (const auto& field : head.fields) {
    if (!same_field(field.name, "content-type")) continue;
    if (!is_grpc_type(field.value)) return std::nullopt;
    speaks = true;
  }
  if (!speaks) return std::nullopt;
  call.emplace();
  for (const auto& field : head.fields) {
    if (!same_field(field.name, "grpc-timeout")) continue;
    const auto time = read_grpc_timeout(field.value);
    if (!time || call->deadline) {
      call->problem = time ? "grpc-timeout stands in the request twice" : "grpc-timeout is not a time of gRPC";
      break;
    }
    call->deadline = from + std::min(*time, longest);
  }
  return call;
}

std::optional<std::chrono::nanoseconds> read_grpc_timeout(std::string_view value) noexcept {
  if (value.size() < 2 || value.size() > max_digits + 1) return std::nullopt;
  const auto* unit = std::ranges::find(units, value.back(), &Unit::letter);
  value.remove_suffix(1);
  if (unit == units.end() || !all_digits(value)) return std::nullopt;
  std::int64_t count = 0;
  std::from_chars(value.data(), value.data() + value.size(), count);
  const auto most = longest / unit->time;
  return std::min(count, static_cast<std::int64_t>(most)) * unit->time;
}

std::string write_grpc_timeout(std::chrono::nanoseconds left) {
  constexpr std::int64_t most = 99'999'999;
  left = std::max(left, std::chrono::nanoseconds{1});
  for (const auto& unit : units) {
    const auto count = (left + unit.time - std::chrono::nanoseconds{1}) / unit.time;
    if (count <= most) return std::to_string(count) + unit.letter;
  }
  return std::to_string(most) + units.back().letter;
}

std::optional<std::uint32_t> find_grpc_status(const std::vector<http::Field>& fields) {
  std::optional<std::uint32_t> status;
  for (const auto& field : fields) {
    if (!same_field(field.name, "grpc-status")) continue;
    if (status || field.value.size() > max_digits || !all_digits(field.value)) return std::nullopt;
    std::uint32_t number = 0;
    std::from_chars(field.value.data(), field.value.data() + field.value.size(), number);
    status = number;
  }
  return status;
}

}  // namespace runagents::egress
