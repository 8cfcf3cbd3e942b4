#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/body.hpp"
#include "core/http/buffer.hpp"
#include "core/http/exchange.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"

namespace runagents::http {

/// How long a client may take.
struct ConnectionTimes {
  std::chrono::milliseconds idle{std::chrono::minutes{2}};    ///< between two requests
  std::chrono::milliseconds head{std::chrono::seconds{30}};   ///< from a request's first byte to the end of its head
  std::chrono::milliseconds body{std::chrono::minutes{5}};    ///< without a byte of a body that is expected
  std::chrono::milliseconds whole{std::chrono::minutes{5}};   ///< for a body that is read as a whole
  std::chrono::milliseconds write{std::chrono::minutes{5}};   ///< without taking what is sent
  std::chrono::milliseconds linger{std::chrono::seconds{2}};  ///< to read a refusal before the connection closes
};

/// A client's HTTP/1.1 connection, plain or in TLS: reads requests one after the other, and is the exchange of the one
/// at hand. Of the thread of its event loop.
class ServerConnection : public Exchange, protected Ticking {
 public:
  static constexpr std::size_t small_body_bytes = 16 * 1024;

  ServerConnection(Ticker& ticker, Stream stream, const ConnectionTimes& times = {});

  /// Serves until the connection ends.
  [[nodiscard]] Task<void> serve();
  /// Ends the connection from outside.
  void close();
  /// Whether a request is being answered.
  [[nodiscard]] bool is_busy() const noexcept { return is_busy_; }
  /// No request after the one at hand.
  void finish();

  [[nodiscard]] bool body_is_here() const override { return body_.is_buffered(); }
  [[nodiscard]] Task<bool> gather_small_body() override;
  [[nodiscard]] Task<BodyReader::Piece> read_body() override;
  [[nodiscard]] const std::vector<Field>& request_trailers() const override { return body_.trailers(); }
  [[nodiscard]] Task<std::optional<std::string>> read_whole_body(std::size_t limit) override;
  void stop_reading() override;
  [[nodiscard]] Task<bool> send_interim(int status, std::string_view reason, const std::string& fields) override;
  [[nodiscard]] Task<bool> send_head(const ResponseStart& start, std::string_view body, bool last) override;
  [[nodiscard]] Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) override;
  void abort() override;
  void end() override;
  [[nodiscard]] bool has_early_bytes() const override { return !buffer_.empty(); }
  [[nodiscard]] Task<bool> open_tunnel() override;
  [[nodiscard]] ByteChannel& tunnel() override { return stream_; }
  [[nodiscard]] std::string take_tunnel_bytes() override;

 protected:
  /// Whether something has to be found out before the next request can be read.
  [[nodiscard]] virtual bool is_unknown() const { return false; }
  /// Finds it out. False: the connection is over.
  [[nodiscard]] virtual Task<bool> find_out();
  /// Answers the request at hand, `head()`.
  [[nodiscard]] virtual Task<void> handle() = 0;
  /// Answers a request without a readable head; the connection ends after it.
  [[nodiscard]] virtual Task<void> refuse_head(HeadError error) = 0;

  [[nodiscard]] RequestHead& head() noexcept { return head_; }
  [[nodiscard]] Stream& stream() noexcept { return stream_; }
  [[nodiscard]] const ConnectionTimes& times() const noexcept { return times_; }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  /// What was read and is not part of a request that was understood.
  [[nodiscard]] std::string_view unread() const noexcept { return buffer_.readable(); }
  /// Whether reading the request's body has ended because the body has no single reading.
  [[nodiscard]] bool has_malformed_body() const noexcept { return has_malformed_body_; }
  /// In place of a request that was read: one without a body.
  void begin_without_request();

 private:
  Task<bool> read_head();
  Task<bool> serve_one();
  Task<void> linger();
  Task<BodyReader::Piece> read_body_within(std::chrono::milliseconds time);
  Task<bool> write(std::string_view first, std::string_view second = {}, std::string_view third = {});
  void keep_head();
  void write_head(const ResponseStart& start, std::string_view body, bool last);
  /// Once, whoever finds it out.
  void tell_gone();
  void expired() override;
  void tick() override;

  Stream stream_;
  ConnectionTimes times_;
  HeadLimits limits_;
  Buffer buffer_{2 * 1024};  ///< few heads have more, and thousands of connections may rest
  BodyReader body_;
  RequestHead head_;
  std::size_t head_bytes_ = 0;
  std::string kept_head_;  ///< the head's bytes, when the buffer is needed for the body
  std::string out_;
  std::string chunk_head_;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool closed_ = false;
  bool unread_body_ = false;
  bool has_malformed_body_ = false;
  bool is_busy_ = false;
};

}  // namespace runagents::http
