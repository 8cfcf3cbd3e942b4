#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/exchange.hpp"
#include "core/http/ticker.hpp"
#include "server/mcp/proxied_request.hpp"
#include "server/mcp/stdio_starts.hpp"

namespace runagents::server {

struct StdioSession;
struct StdioWaiting;

/// Sessions of MCP clients with servers that are commands: a process for each session, because such a server has one
/// client, with which it negotiates and which it asks in return. Messages pass as they are. Sessions belong to this
/// process of the server: on another replica, or after a restart, clients begin anew.
///
/// What the server says of its own accord goes to the stream of the request that it belongs to, where that shows
/// (progress), else to the newest request under way, else to the client's GET stream; without one it waits for it.
/// Streams cannot be resumed. Of the event loop's thread.
class StdioSessions {
 public:
  StdioSessions(http::asio::io_context& context, http::Ticker& ticker, StdioStarts& starts)
      : context_{context}, ticker_{ticker}, starts_{starts} {}
  ~StdioSessions();

  /// Answers a POST. Returns its status; `code` becomes the machine word of a failure.
  [[nodiscard]] http::Task<int> post(AdmittedPost& admitted, http::Exchange& exchange, std::string& code);
  /// Answers a GET or a DELETE.
  [[nodiscard]] http::Task<int> session(std::string_view method, AdmittedSession& admitted, http::Exchange& exchange);
  /// Ends all sessions and their processes.
  void stop();

 private:
  using Shared = std::shared_ptr<StdioSession>;

  [[nodiscard]] Shared find(const Admission& admission, std::string_view id) const;
  http::Task<Result<Shared>> begin(const Admission& admission);
  http::Task<int> answer(AdmittedPost& admitted, Shared session, std::shared_ptr<StdioWaiting> waiting,
                         http::Exchange& exchange, bool is_new);
  http::Task<int> listen(Shared session, http::Exchange& exchange);

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  StdioStarts& starts_;
  std::map<std::string, Shared, std::less<>> sessions_;
};

}  // namespace runagents::server
