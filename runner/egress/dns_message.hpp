#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::egress {

/// A question as it came (RFC 1035, section 4.1).
struct DnsQuestion {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  unsigned opcode = 0;
  std::string name;  ///< lower case, without the last dot; labels in presentation form
  std::uint16_t type = 0;
  std::uint16_t klass = 0;
  std::string wire;       ///< the question section as it came, to be repeated in the answer
  bool extended = false;  ///< it carried an OPT record (RFC 6891)
};

/// What is answered.
struct DnsAnswer {
  unsigned code = 0;                   ///< RCODE
  std::vector<std::string> addresses;  ///< 4 or 16 bytes each, of the question's type
};

inline constexpr unsigned dns_no_error = 0;
inline constexpr unsigned dns_format_error = 1;
inline constexpr unsigned dns_no_such_name = 3;
inline constexpr unsigned dns_not_implemented = 4;
inline constexpr unsigned dns_refused = 5;

/// Reads a query; nothing when it is none at all (too short, a response). A message that cannot be understood has no
/// name and no `wire`, and is to be answered with dns_format_error.
[[nodiscard]] std::optional<DnsQuestion> parse_dns_query(std::string_view message);

/// The response's bytes.
[[nodiscard]] std::string write_dns_response(const DnsQuestion& question, const DnsAnswer& answer);

}  // namespace runagents::egress
