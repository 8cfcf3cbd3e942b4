#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "core/http/exchange.hpp"
#include "core/http/server_connection.hpp"

namespace runagents::http {

/// `Exchange::read_whole_body` for every version of the protocol. `head` is that of the request, and says no longer
/// that the client waits for 100 (Continue) when it has been told. `read_within(time)` is the next `BodyReader::Piece`;
/// its time is zero or less when the body has taken longer than `times.whole`.
template <class ReadWithin>
[[nodiscard]] Task<std::optional<std::string>> read_whole(Exchange& exchange, RequestHead& head,
                                                          const ConnectionTimes& times, std::size_t limit,
                                                          ReadWithin read_within) {
  using std::chrono::steady_clock;
  if (head.framing == Framing::length && head.content_length > limit) co_return std::nullopt;
  if (head.expects_continue && !exchange.body_is_here()) {
    if (!(co_await exchange.send_interim(100, "Continue", {}))) co_return std::nullopt;
    head.expects_continue = false;
  }
  std::string whole;
  const auto deadline = steady_clock::now() + times.whole;
  for (auto status = BodyReader::Status::more; status != BodyReader::Status::last;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
    const auto piece = co_await read_within(std::min(times.body, left));
    status = piece.status;
    const bool is_sound = status == BodyReader::Status::more || status == BodyReader::Status::last;
    if (!is_sound || whole.size() + piece.data.size() > limit) co_return std::nullopt;
    whole.append(piece.data);
  }
  co_return whole;
}

}  // namespace runagents::http
