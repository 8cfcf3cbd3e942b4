#include "core/http/date.hpp"

#include <array>
#include <ctime>

namespace runagents::http {

std::optional<std::chrono::sys_seconds> read_date(std::string_view text) {
  std::tm parts{};
  const std::string terminated{text};
  const char* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // In 2262 the system's clock, which counts nanoseconds, comes to its end.
  const std::chrono::seconds time{::timegm(&parts)};
  if (time < std::chrono::seconds{0} ||
      time > std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds::max()))
    return std::nullopt;
  return std::chrono::sys_seconds{time};
}

std::string write_date(std::chrono::sys_seconds time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  // The program never leaves the C locale, so these are the names that RFC 9110 wants.
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace runagents::http
