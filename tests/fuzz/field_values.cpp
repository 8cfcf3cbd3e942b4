// Values of fields that mean something to us: what is read is written the same, and read again.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/http/date.hpp"
#include "runner/egress/grpc.hpp"
#include "runner/egress/grpc_answer.hpp"

namespace {

using namespace runagents;

void check_date(std::string_view text) {
  const auto time = http::read_date(text);
  // There is more than one way to write a time; ours means the same one.
  if (time && http::read_date(http::write_date(*time)) != time) std::abort();
}

void check_timeout(std::string_view text) {
  const auto left = egress::read_grpc_timeout(text);
  if (!left) return;
  if (left->count() < 0) std::abort();
  const auto again = egress::read_grpc_timeout(egress::write_grpc_timeout(*left));
  // Rounded up where the digits do not suffice.
  if (!again || *again < *left) std::abort();
}

void check_message(std::string_view text) {
  for (const char c : egress::grpc_message(text)) {
    if (c < 0x20 || c > 0x7e) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_date(text);
  check_timeout(text);
  check_message(text);
  static_cast<void>(egress::find_grpc_status({{"grpc-status", text}}));
  static_cast<void>(egress::is_grpc_type(text));
  return 0;
}
