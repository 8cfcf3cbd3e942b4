#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace runagents::egress {

/// Makes ULIDs (github.com/ulid/spec): 48 bits of milliseconds and 80 bits that are random at the start and then count
/// up, so that ids of one run sort by time.
class RequestIds {
 public:
  RequestIds();
  /// Writes the next id over `out`.
  void next(std::string& out);

 private:
  std::uint64_t random_low_ = 0;
  std::uint16_t random_high_ = 0;
};

}  // namespace runagents::egress
