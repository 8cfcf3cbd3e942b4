#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/body.hpp"
#include "core/http/buffer.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"

namespace runagents::egress {

/// How long an agent may take.
struct ConnectionTimes {
  std::chrono::milliseconds idle{std::chrono::minutes{2}};    ///< between two requests
  std::chrono::milliseconds head{std::chrono::seconds{30}};   ///< from a request's first byte to the end of its head
  std::chrono::milliseconds body{std::chrono::minutes{5}};    ///< without a byte of a body that is expected
  std::chrono::milliseconds write{std::chrono::minutes{5}};   ///< without taking what is sent
  std::chrono::milliseconds linger{std::chrono::seconds{2}};  ///< to read a refusal before the connection closes
};

/// An agent's HTTP/1.1 connection, plain or in TLS that ends here: reads requests one after the other, and is the
/// exchange of the one at hand. Every request is judged by itself.
class Connection final : public Exchange, private http::Ticking {
 public:
  static constexpr std::size_t small_body_bytes = 16 * 1024;

  Connection(Engine& engine, http::Stream stream, Arrival arrival);

  /// Serves until the connection ends.
  [[nodiscard]] http::Task<void> serve();
  /// Ends the connection from outside (the run is over).
  void close();

  [[nodiscard]] bool body_is_here() const override { return body_.is_buffered(); }
  [[nodiscard]] http::Task<bool> gather_small_body() override;
  [[nodiscard]] http::Task<http::BodyReader::Piece> read_body() override;
  [[nodiscard]] const std::vector<http::Field>& request_trailers() const override { return body_.trailers(); }
  [[nodiscard]] http::Task<std::optional<std::string>> read_whole_body(std::size_t limit) override;
  void stop_reading() override;
  [[nodiscard]] http::Task<bool> send_interim(int status, std::string_view reason, const std::string& fields) override;
  [[nodiscard]] http::Task<bool> send_head(const ResponseStart& start, std::string_view body, bool last) override;
  [[nodiscard]] http::Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) override;
  void abort() override;
  void end() override;
  [[nodiscard]] bool has_early_bytes() const override { return !buffer_.empty(); }
  [[nodiscard]] http::Task<bool> open_tunnel() override;
  void enter_tunnel(Destination destination) override { arrival_.destination = std::move(destination); }
  [[nodiscard]] http::Stream& tunnel() override { return stream_; }
  [[nodiscard]] std::string take_tunnel_bytes() override;

 private:
  /// At the beginning of a connection to a destination: finds out what the agent speaks, and ends its TLS. False: the
  /// connection is over.
  http::Task<bool> look_inside();
  http::Task<bool> accept_tls();
  http::Task<bool> serves_bytes();
  http::Task<void> serve_bytes();
  http::Task<bool> read_head();
  http::Task<bool> serve_one();
  http::Task<void> refuse_head(http::HeadError error);
  http::Task<void> linger();
  http::Task<bool> write(std::string_view first, std::string_view second = {}, std::string_view third = {});
  void keep_head();
  void write_head(const ResponseStart& start, std::string_view body, bool last);
  /// The agent speaks no HTTP: nothing can be said to it.
  [[nodiscard]] bool passes_bytes() const noexcept { return arrival_.destination && arrival_.destination->bytes_only; }
  /// Once, whoever finds it out.
  void tell_gone();
  void expired() override;
  void tick() override;

  Engine& engine_;
  http::Stream stream_;
  Arrival arrival_;
  ConnectionTimes times_;
  http::HeadLimits limits_;
  http::Buffer buffer_;
  http::BodyReader body_;
  http::RequestHead head_;
  std::size_t head_bytes_ = 0;
  std::string kept_head_;  ///< the head's bytes, when the buffer is needed for the body
  Call call_;
  std::string out_;
  std::string chunk_head_;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool closed_ = false;
  bool unread_body_ = false;
  bool looked_inside_ = false;
};

}  // namespace runagents::egress
