#include "server/long_poll.hpp"

#include <algorithm>
#include <charconv>

namespace runagents::server {
namespace {

constexpr std::chrono::milliseconds longest{std::chrono::minutes{1}};
constexpr std::string_view parameter = "wait=";

}  // namespace

std::chrono::milliseconds wanted_wait(std::string_view target) noexcept {
  std::size_t at = std::min(target.find('?'), target.size());
  while (at < target.size()) {
    const auto rest = target.substr(at + 1);
    if (rest.starts_with(parameter)) {
      long long milliseconds = 0;
      std::from_chars(rest.data() + parameter.size(), rest.data() + rest.size(), milliseconds);
      return std::clamp(std::chrono::milliseconds{milliseconds}, std::chrono::milliseconds{0}, longest);
    }
    at = std::min(target.find('&', at + 1), target.size());
  }
  return std::chrono::milliseconds{0};
}

}  // namespace runagents::server
