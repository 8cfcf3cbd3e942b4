#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "core/http/async.hpp"

namespace runagents::egress {

/// What a person reads in the browser. Plain text.
struct BrowserPage {
  int status = 200;
  std::string title;
  std::string text;
};

/// A page that runs nothing, loads nothing, is not kept and sends no referrer: a whole HTTP/1.1 response.
[[nodiscard]] std::string to_response(const BrowserPage& page);

/// Where browsers come back to after a consent (RFC 8252, section 7.3): a listener on 127.0.0.1. It answers GET
/// requests that name exactly its own address as their host, one for each connection, and closes. Of its io_context's
/// thread.
class RedirectReceiver {
 public:
  /// Answers a target ("/callback/drive?code=..."); what it refers to outlives the io_context's work.
  using Handler = std::function<http::Task<BrowserPage>(std::string target)>;
  /// Whether a connection is to be closed unread.
  using Refuses = std::function<bool(const http::tcp::endpoint& local, const http::tcp::endpoint& remote)>;

  /// `port` 0: any free one. An address in use is ErrorCode::conflict.
  [[nodiscard]] static Result<std::unique_ptr<RedirectReceiver>> open(http::asio::io_context& context,
                                                                      std::uint16_t port, Handler handler,
                                                                      Refuses refuses);
  /// Listens no more; connections that are there are answered.
  ~RedirectReceiver();
  RedirectReceiver(const RedirectReceiver&) = delete;
  RedirectReceiver& operator=(const RedirectReceiver&) = delete;

  /// "127.0.0.1:PORT"
  [[nodiscard]] const std::string& authority() const noexcept;

 private:
  struct State;
  explicit RedirectReceiver(std::shared_ptr<State> state) : state_{std::move(state)} {}
  static http::Task<void> accept(http::asio::io_context& context, std::shared_ptr<State> state);
  static http::Task<void> serve(std::shared_ptr<State> state, http::Socket socket);

  std::shared_ptr<State> state_;
};

}  // namespace runagents::egress
