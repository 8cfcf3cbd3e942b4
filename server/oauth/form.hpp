#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runagents::server {

/// The parameters of a request to an OAuth endpoint: `application/x-www-form-urlencoded`, in a body or a query. An
/// empty value is as if it were not there (RFC 6749, section 3.2).
class Form {
 public:
  static constexpr std::size_t max_bytes = std::size_t{64} << 10U;
  static constexpr std::size_t max_parameters = 64;

  /// Refuses broken percent-encoding, NUL, texts that are no UTF-8, too much of anything, and parameters that come more
  /// than once (RFC 6749, section 3.2) but `resource` and `audience` (RFC 8707, section 2; RFC 8693, section 2.1). The
  /// reason is static text in printable ASCII.
  [[nodiscard]] static std::expected<Form, std::string_view> parse(std::string_view text);

  /// The value; empty when there is none.
  [[nodiscard]] const std::string& value(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept { return !value(name).empty(); }
  /// All values of one that may come several times.
  [[nodiscard]] std::vector<std::string> values(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace runagents::server
