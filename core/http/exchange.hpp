#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/async.hpp"
#include "core/http/body.hpp"
#include "core/http/byte_channel.hpp"
#include "core/http/head.hpp"

namespace runagents::http {

/// The head of a response to the client, framing and connection fields not included: the exchange adds its own.
struct ResponseStart {
  int status = 200;
  std::string_view reason;
  const std::string* fields = nullptr;          ///< field lines, each ended by CR LF
  std::optional<std::uint64_t> content_length;  ///< known length, also of a HEAD response
  bool has_body = true;                         ///< false: none follows, whatever content_length says
};

/// The client's side of one request, whatever protocol version it speaks. Sending functions return false when the
/// client is gone; nothing more can be sent then. Of the thread of its event loop.
class Exchange {
 public:
  Exchange() = default;
  virtual ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Whether the request's body is complete without waiting for the client (also: there is none).
  [[nodiscard]] virtual bool body_is_here() const = 0;
  /// Waits for a body that is small enough to be kept; false: it is larger, or comes in pieces of unknown length.
  [[nodiscard]] virtual Task<bool> gather_small_body() = 0;
  /// The next piece of the request's body.
  [[nodiscard]] virtual Task<BodyReader::Piece> read_body() = 0;
  /// The trailers of the request, once its body has ended.
  [[nodiscard]] virtual const std::vector<Field>& request_trailers() const = 0;
  /// Reads the whole body, telling a client that waits for 100 (Continue) to go on. Empty: larger than `limit`, or the
  /// client is gone.
  [[nodiscard]] virtual Task<std::optional<std::string>> read_whole_body(std::size_t limit) = 0;
  /// Stops a read_body that is under way.
  virtual void stop_reading() = 0;

  /// An interim (1xx) response.
  [[nodiscard]] virtual Task<bool> send_interim(int status, std::string_view reason, const std::string& fields) = 0;
  /// The response's head, with the first part of its body; `last`: that is all of it.
  [[nodiscard]] virtual Task<bool> send_head(const ResponseStart& start, std::string_view body, bool last) = 0;
  /// A further part of the body. `trailers` (field lines) go with the last one, where the protocol can.
  [[nodiscard]] virtual Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) = 0;
  /// The connection cannot be kept in step any more: it will be closed, and a body that is under way is cut visibly.
  virtual void abort() = 0;
  /// Nothing more will be said, and all that was said is meant: the connection will be closed in order.
  virtual void end() = 0;

  /// Whether the client has sent more than the request at hand already. After a CONNECT such bytes are of a connection
  /// that was not agreed upon yet.
  [[nodiscard]] virtual bool has_early_bytes() const = 0;
  /// Answers a CONNECT with 200. False: the client is gone.
  [[nodiscard]] virtual Task<bool> open_tunnel() = 0;
  /// After a 101 response or `open_tunnel`: the bare bytes, and what was read of them already.
  [[nodiscard]] virtual ByteChannel& tunnel() = 0;
  [[nodiscard]] virtual std::string take_tunnel_bytes() = 0;

  /// While set: called once when the client goes away in the middle of a wait.
  std::function<void()> on_gone;
};

}  // namespace runagents::http
