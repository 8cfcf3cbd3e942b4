// A name server's question, which any program inside the fence can send.
#include "runner/egress/dns_message.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::egress;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto question = parse_dns_query(bytes);
  if (!question) return 0;
  const auto response = write_dns_response(*question, {dns_no_error, {std::string(4, '\x7f')}});
  // What is answered is a response to this question, and never the beginning of an echo.
  if (response.size() < 12 || response.substr(0, 2) != bytes.substr(0, 2)) std::abort();
  if (parse_dns_query(response)) std::abort();
  return 0;
}
