#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/exchange.hpp"
#include "core/http/ticker.hpp"
#include "core/http2/header_block.hpp"
#include "core/http2/request_text.hpp"
#include "core/http2/signal.hpp"

namespace runagents::http2 {

class ServerSession;

/// One request of an HTTP/2 connection: the exchange that the pipeline answers. Made and destroyed by its session, on
/// whose thread it lives.
class ServerStream : public http::Exchange, protected http::Ticking {
 public:
  ServerStream(ServerSession& session, std::int32_t id);
  ~ServerStream() override;

  [[nodiscard]] bool body_is_here() const override { return request_ended_; }
  [[nodiscard]] http::Task<bool> gather_small_body() override;
  [[nodiscard]] http::Task<http::BodyReader::Piece> read_body() override;
  [[nodiscard]] const std::vector<http::Field>& request_trailers() const override { return trailers_; }
  [[nodiscard]] http::Task<std::optional<std::string>> read_whole_body(std::size_t limit) override;
  void stop_reading() override;
  [[nodiscard]] http::Task<bool> send_interim(int status, std::string_view reason, const std::string& fields) override;
  [[nodiscard]] http::Task<bool> send_head(const http::ResponseStart& start, std::string_view body, bool last) override;
  [[nodiscard]] http::Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) override;
  void abort() override;
  void end() override;
  [[nodiscard]] bool has_early_bytes() const override { return !incoming_.empty(); }
  [[nodiscard]] http::Task<bool> open_tunnel() override;
  [[nodiscard]] http::ByteChannel& tunnel() override { return channel_; }
  [[nodiscard]] std::string take_tunnel_bytes() override { return {}; }

  [[nodiscard]] http::RequestHead& head() noexcept { return head_; }

 private:
  friend class ServerSession;
  friend class ServerCallbacks;

  /// The stream as the two ends of a tunnel see it.
  class Channel final : public http::ByteChannel {
   public:
    explicit Channel(ServerStream& stream) : stream_{stream} {}
    [[nodiscard]] http::Task<ReadResult> read_some(std::span<char> into) override;
    [[nodiscard]] http::Task<http::error_code> write(std::string_view first, std::string_view second,
                                                     std::string_view third) override;
    void end_writing() override { stream_.end(); }
    void close() override { stream_.abort(); }

   private:
    ServerStream& stream_;
  };

  /// Waits for more of the request; false: none will come.
  http::Task<bool> await_more(std::chrono::milliseconds time);
  http::Task<http::BodyReader::Piece> read_body_within(std::chrono::milliseconds time);
  /// Waits for the end of the request; false: it did not come.
  http::Task<bool> await_end();
  /// Puts a part of the body on its way, and waits while too much of it has not been taken.
  http::Task<bool> pass(std::string_view body, bool last, std::string_view trailers);
  /// Lets go of what was handed out last; its room in the window is the client's again.
  void release();
  void begin_response(bool has_more);
  void expired() override;
  void tick() override;
  /// Nothing comes or goes any more.
  void gone();
  void tell_gone();

  ServerSession& session_;
  std::int32_t id_;
  Channel channel_{*this};

  // The request, as far as it is here.
  RequestText text_;
  http::RequestHead head_;
  std::string trailer_text_;
  std::vector<http::Field> trailers_;
  std::string incoming_;  ///< of the body, not handed out
  std::string handed_out_;
  Signal more_;
  std::size_t fields_ = 0;  ///< of the header or trailer section at hand
  bool too_large_ = false;
  bool malformed_ = false;
  bool has_head_ = false;
  bool request_ended_ = false;
  bool has_body_ = false;
  bool reading_stopped_ = false;

  // The response.
  HeaderBlock block_;
  std::string outgoing_;  ///< of the body, not sent
  std::size_t sent_ = 0;  ///< of `outgoing_`
  std::string outgoing_trailers_;
  Signal room_;
  bool response_begun_ = false;
  bool is_tunnel_ = false;
  bool response_ended_ = false;  ///< no more will be added
  bool deferred_ = false;        ///< the session waits for more of the body

  bool closed_ = false;      ///< nothing comes or goes any more
  bool is_over_ = false;     ///< for nghttp2
  bool is_started_ = false;  ///< a coroutine answers it
  bool is_served_ = false;   ///< the coroutine that answers it has ended
};

}  // namespace runagents::http2
