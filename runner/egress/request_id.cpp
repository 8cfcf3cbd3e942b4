#include "runner/egress/request_id.hpp"

#include <chrono>
#include <random>
#include <string_view>

namespace runagents::egress {

RequestIds::RequestIds() {
  std::random_device device;
  random_low_ = std::uint64_t{device()} << 32 | device();
  random_high_ = static_cast<std::uint16_t>(device());
}

void RequestIds::next(std::string& out) {
  if (++random_low_ == 0) ++random_high_;
  constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  constexpr std::size_t size = 26;
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  // 130 bits in 26 digits of 5: two zero bits, 48 of time, 80 of randomness.
  __extension__ using Bits128 = unsigned __int128;
  Bits128 value = static_cast<std::uint64_t>(now.count());
  value = value << 16 | random_high_;
  value = value << 64 | random_low_;
  out.resize(size);
  for (std::size_t i = size; i-- > 0; value >>= 5) out[i] = digits[static_cast<std::size_t>(value & 31)];
}

}  // namespace runagents::egress
