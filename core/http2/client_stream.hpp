#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/client_exchange.hpp"
#include "core/http2/client_session.hpp"
#include "core/http2/response_text.hpp"

namespace runagents::http2 {

/// One call over HTTP/2. What is received waits here, at most the stream's window, until it is read; only then may the
/// server send more. Destroying it ends a call that is under way with CANCEL. Of the thread of its event loop.
class ClientStream final : public http::ClientExchange {
 public:
  explicit ClientStream(std::shared_ptr<ClientSession> session);
  ~ClientStream() override;

  [[nodiscard]] http::Task<http::error_code> send_request(std::string_view body) override;
  [[nodiscard]] http::Task<http::error_code> open_request(http::Framing framing) override;
  [[nodiscard]] http::Task<http::error_code> send_body(std::string_view data, bool last,
                                                       const std::string& trailers) override;
  [[nodiscard]] http::Task<Head> read_head(std::string_view method) override;
  [[nodiscard]] http::BodyReader::Piece next_buffered() override;
  [[nodiscard]] http::Task<http::BodyReader::Piece> next() override;
  [[nodiscard]] const std::vector<http::Field>& trailers() const override { return trailers_; }
  [[nodiscard]] http::UpstreamConnection* own_connection() noexcept override { return nullptr; }
  void close() override;
  [[nodiscard]] std::string_view protocol() const noexcept override { return "HTTP/2"; }
  [[nodiscard]] std::string ending() const override;

 private:
  friend class ClientSession;
  friend struct ClientCallbacks;

  /// How the server's side ended before its time.
  enum class End { none, refused, lost, reset, malformed, closed };

  // What the session has for it.
  std::size_t take_body(std::span<std::uint8_t> into);
  void begin_section();
  [[nodiscard]] bool take_field(std::string_view name, std::string_view value);
  [[nodiscard]] bool end_section(bool is_last);
  void take_data(std::string_view data);
  void end_response();
  void fail(End end);
  void stream_closed(std::uint32_t error_code);

  http::HeadLimits limits_;
  std::shared_ptr<ClientSession> session_;
  std::int32_t id_ = -1;            ///< -1: not sent yet, or closed
  std::size_t place_ = 0;           ///< in the session's list
  bool is_reused_;                  ///< the connection has served before
  std::uint64_t heard_before_ = 0;  ///< how often the server had been heard when the request was sent
  Signal received_;
  Signal sent_;

  // The request's body.
  std::string_view unsent_;
  std::string request_trailers_;
  bool is_last_ = false;  ///< nothing comes after `unsent_`
  bool waits_ = false;    ///< the session has been told that there is nothing to send for now
  bool has_sent_all_ = false;

  // The response.
  ResponseText section_;
  std::deque<std::string> heads_;  ///< that nobody has read yet
  std::string head_text_;
  std::string trailer_text_;
  std::vector<http::Field> trailers_;
  std::string arrived_;
  std::string read_;             ///< the last piece
  bool has_been_heard_ = false;  ///< something of a response came
  bool has_final_head_ = false;
  bool has_no_body_ = false;
  bool complete_ = false;
  bool has_peer_reset_ = false;
  bool is_sent_ = false;  ///< its head has been given to the connection
  std::uint32_t peer_code_ = 0;
  End end_ = End::none;
};

}  // namespace runagents::http2
