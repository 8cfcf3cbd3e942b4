#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/http/async.hpp"

namespace runagents::http {

/// What the system's resolver says of a name.
struct Lookup {
  enum class Outcome { found, failed, late };
  Outcome outcome = Outcome::late;
  std::vector<tcp::endpoint> endpoints{};
  std::string problem{};  ///< of a failed one: the resolver's words
};

/// Asks the system's resolver, which blocks for as long as it likes, on a thread of its own: a name whose servers are
/// silent holds up no other name, no caller for longer than `patience`, and not the end of the program. Callers who
/// want the same name at the same time share one question. Of the loop's thread.
[[nodiscard]] Task<Lookup> look_up(asio::io_context& context, std::string host, std::uint16_t port,
                                   std::chrono::milliseconds patience);

}  // namespace runagents::http
