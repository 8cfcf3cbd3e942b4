#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/http/body.hpp"
#include "core/http/dialer.hpp"
#include "core/http/ticker.hpp"
#include "core/http/upstream_connection.hpp"
#include "server/mcp/upstream_address.hpp"

namespace runagents::server {

/// Connections to MCP servers. Loopback and private networks are dialled, because who registers a server says where it
/// is; link-local and metadata addresses never are. Of the event loop's thread.
class UpstreamPool {
 public:
  UpstreamPool(http::asio::io_context& context, http::Ticker& ticker) : ticker_{ticker}, dialer_{context, ticker} {}

  using Acquired = Result<std::unique_ptr<http::UpstreamConnection>>;
  /// An idle connection that is still good, unless `fresh`, or a new one. The errors are ErrorCode::unavailable.
  [[nodiscard]] http::Task<Acquired> acquire(const UpstreamAddress& address, bool fresh);
  /// Takes a connection back whose last response has been read to its end.
  void release(const UpstreamAddress& address, std::unique_ptr<http::UpstreamConnection> connection);

 private:
  http::Ticker& ticker_;
  http::Dialer dialer_;
  std::map<std::string, http::IdleConnections, std::less<>> idle_;
};

/// What is sent to an MCP server. Redirects are not followed: what was registered is what is called.
struct UpstreamRequest {
  std::string_view method;  ///< "POST", "GET", "DELETE"
  std::string fields;       ///< field lines, each ended by CR LF, without Host and framing
  std::string_view body;
  std::chrono::milliseconds silence{std::chrono::minutes{5}};  ///< the longest wait for a byte of the answer
};

/// One request and its answer, read piece by piece. The pool and the address outlive it.
class UpstreamCall {
 public:
  UpstreamCall(UpstreamPool& pool, const UpstreamAddress& address) : pool_{pool}, address_{address} {}
  /// Gives the connection back when it is in step.
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  /// Sends and reads the answer's head; interim answers are read over. An error is ErrorCode::unavailable: whether the
  /// server has processed the request is then not known.
  [[nodiscard]] http::Task<Result<void>> send(UpstreamRequest request);
  [[nodiscard]] const http::ResponseHead& head() const noexcept { return connection_->response; }
  /// The first field of this name; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;

  struct Piece {
    std::string_view data;  ///< valid until the next call
    bool last = false;
  };
  [[nodiscard]] http::Task<Result<Piece>> next();
  /// The whole body; an error when it is longer than `limit`.
  [[nodiscard]] http::Task<Result<std::string>> read_all(std::size_t limit);
  /// Ends whatever is under way, from outside.
  void close();

 private:
  http::Task<Result<void>> attempt(const UpstreamRequest& request, bool fresh);
  http::Task<Result<void>> read_head(std::string_view method);
  [[nodiscard]] std::unexpected<Error> broken(bool malformed) const;

  UpstreamPool& pool_;
  const UpstreamAddress& address_;
  std::unique_ptr<http::UpstreamConnection> connection_;
  std::unique_ptr<http::BodyReader> body_;
  std::chrono::milliseconds silence_{0};
  bool may_retry_ = false;
  bool closed_ = false;
};

}  // namespace runagents::server
