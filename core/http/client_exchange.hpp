#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/http/async.hpp"
#include "core/http/body.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"

namespace runagents::http {

class UpstreamConnection;

/// The server's side of one request, whatever protocol version the server speaks: `Exchange` seen from the other end.
/// Of the thread of its event loop.
///
/// A deadline that passes (`arm`) closes it; what waits on it ends then.
class ClientExchange : public Ticking {
 public:
  explicit ClientExchange(Ticker& ticker) : Ticking{ticker} {}

  /// What came of waiting for a response head.
  enum class Head {
    complete,     ///< `response` is there
    malformed,    ///< what came is no response
    ended,        ///< it ended before anything of a response came
    stale,        ///< the same, on a connection that has served before: the server may not have seen the request
    refused,      ///< the server has done nothing with the request, which may be repeated (RFC 9113, section 8.7)
    unprocessed,  ///< the same, because the connection came to its end
  };

  ResponseHead response;        ///< its views are valid until the body is read
  std::string out;              ///< the request's head, as HTTP/1.1 writes it
  std::string fields;           ///< for the caller: header or trailer fields of the response, as they are passed on
  bool timed_out = false;       ///< the deadline passed
  bool wants_trailers = false;  ///< whoever asks can do something with trailers (TE, RFC 9110, section 10.1.4)

  /// Sends `out` with the whole body, which stays valid as long as this object.
  [[nodiscard]] virtual Task<error_code> send_request(std::string_view body) = 0;
  /// The same without waiting: false where that cannot be, or is not done with it; `send_request` goes on then. That
  /// the server does not take it shows when its answer is read.
  [[nodiscard]] virtual bool send_request_at_once(std::string_view /*body*/) { return false; }
  /// Sends `out` for a body that follows in pieces, framed as `out` says.
  [[nodiscard]] virtual Task<error_code> open_request(Framing framing) = 0;
  /// The next piece of the body, with `last` all of it; `trailers` are field lines. Returns when the server has taken
  /// the piece, or will not take it any more. May be under way together with a read.
  [[nodiscard]] virtual Task<error_code> send_body(std::string_view data, bool last, const std::string& trailers) = 0;

  /// Waits for the next response head, interim ones included, to a request with method `method`.
  [[nodiscard]] virtual Task<Head> read_head(std::string_view method) = 0;
  /// The pieces of the body after the final head, as of a BodyReader.
  [[nodiscard]] virtual BodyReader::Piece next_buffered() = 0;
  [[nodiscard]] virtual Task<BodyReader::Piece> next() = 0;
  /// After the last piece.
  [[nodiscard]] virtual const std::vector<Field>& trailers() const = 0;

  /// The connection, where the exchange has one to itself; null: it is one stream of many.
  [[nodiscard]] virtual UpstreamConnection* own_connection() noexcept = 0;
  /// Ends whatever is under way.
  virtual void close() = 0;

  /// What the server speaks, for people: "HTTP/1.1".
  [[nodiscard]] virtual std::string_view protocol() const noexcept = 0;
  /// How the server ended it, for people ("reset the call (CANCEL)"); empty: it closed the connection.
  [[nodiscard]] virtual std::string ending() const = 0;

 private:
  void expired() override {
    timed_out = true;
    close();
  }
};

}  // namespace runagents::http
