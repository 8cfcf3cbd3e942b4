#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace runagents::http {

/// A date as fields have it ("Sun, 06 Nov 1994 08:49:37 GMT", IMF-fixdate: RFC 9110, section 5.6.7). Empty: it is none;
/// the obsolete forms count as none.
[[nodiscard]] std::optional<std::chrono::sys_seconds> read_date(std::string_view text);
/// The same form.
[[nodiscard]] std::string write_date(std::chrono::sys_seconds time);

}  // namespace runagents::http
