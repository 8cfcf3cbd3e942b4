#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"
#include "core/http2/client_limits.hpp"
#include "core/http2/header_block.hpp"
#include "core/http2/native.hpp"
#include "core/http2/signal.hpp"

namespace runagents::http2 {

class ClientStream;

/// A connection to a server that speaks HTTP/2 (RFC 9113), shared by the calls under way on it. Two coroutines serve
/// it, one that reads and one that writes what has gathered; they keep it alive until it has ended. Of the thread of
/// its event loop.
class ClientSession final : public std::enable_shared_from_this<ClientSession>, private http::Ticking {
 public:
  /// Speaks on a connected stream on which HTTP/2 has been agreed on, or is known.
  [[nodiscard]] static std::shared_ptr<ClientSession> start(http::asio::io_context& context, http::Ticker& ticker,
                                                            http::Stream stream, const ClientLimits& limits = {});
  ~ClientSession() override;

  /// How many more streams may be opened now.
  [[nodiscard]] std::size_t room() const noexcept;
  /// Whether there may be more room in a moment: the server's settings are not here yet, or its word that it is there.
  [[nodiscard]] bool is_warming() const noexcept;
  /// Whether no stream will be opened on it any more.
  [[nodiscard]] bool is_over() const noexcept { return ended_ || leaving_; }
  /// Whether it has rested so long that the server may be gone without a word; `ask` asks, and there is no room until
  /// the answer is here.
  [[nodiscard]] bool is_doubtful() const noexcept;
  void ask();
  /// A stream for one call. Only while there is room.
  [[nodiscard]] std::unique_ptr<ClientStream> open();
  /// Ends the connection and all its streams.
  void close();

  [[nodiscard]] SSL* ssl() const noexcept { return stream_.ssl(); }

  /// Called when there may be more room, or it is over. Must not touch the session.
  std::function<void()> on_change;

 private:
  friend class ClientStream;
  friend struct ClientCallbacks;

  ClientSession(http::asio::io_context& context, http::Ticker& ticker, http::Stream stream, const ClientLimits& limits);
  bool greet();
  static http::Task<void> read(std::shared_ptr<ClientSession> self);
  static http::Task<void> write(std::shared_ptr<ClientSession> self);
  bool gather();
  void flush() { to_write_.raise(); }
  [[nodiscard]] bool is_done() const;
  void greeted();
  void give_up(std::uint32_t error_code);
  void disown();
  void end();
  /// Sends the stream's head. False: there is no connection any more.
  bool submit(ClientStream& stream, bool has_body);
  void resume(ClientStream& stream);
  void reset(ClientStream& stream, std::uint32_t error_code);
  /// A call has run out of time: if nothing at all was heard since it was sent, the server may be gone without a word.
  void doubt(const ClientStream& stream);
  void credit(std::int32_t id, std::size_t size);
  void attach(ClientStream& stream);
  void detach(ClientStream& stream);
  void changed() const;
  void count_useful(std::size_t size) noexcept;
  void expired() override;
  void tick() override;

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  ClientLimits limits_;
  http::Stream stream_;
  NativeSession session_;
  Signal to_write_;
  HeaderBlock block_;
  std::string out_;
  std::vector<ClientStream*> streams_;
  std::uint64_t ticks_ = 0;
  std::uint64_t last_heard_ = 0;    ///< in ticks
  std::uint64_t asked_ = 0;         ///< in ticks; 0: no answer is waited for
  std::uint64_t heard_ = 0;         ///< how many times
  bool is_doubted_ = false;         ///< while `asked_`: nobody should wait for the answer
  std::uint64_t idle_bytes_ = 0;    ///< received for nothing, less what time has forgiven
  std::uint64_t owed_updates_ = 0;  ///< WINDOW_UPDATE frames that answer what was sent
  std::size_t opened_ = 0;
  bool has_greeted_ = false;  ///< the server's settings are here
  bool leaving_ = false;      ///< no further stream: GOAWAY, or too long at rest
  bool is_unsound_ = false;   ///< what the server said makes no sense
  bool ended_ = false;
};

}  // namespace runagents::http2
