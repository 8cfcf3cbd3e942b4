#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/ticker.hpp"
#include "server/mcp/peer.hpp"
#include "server/mcp/stdio_starts.hpp"

namespace runagents::server {

/// MCP servers that are commands, for callers that speak no MCP: one process for each caller and credential, which ends
/// after some minutes without a call. What it asks in return is refused. Of the event loop's thread.
class StdioPeer final : public Peer {
 public:
  StdioPeer(http::asio::io_context& context, http::Ticker& ticker, StdioStarts& starts)
      : context_{context}, ticker_{ticker}, starts_{starts} {}
  ~StdioPeer() override;

  [[nodiscard]] http::Task<Result<PeerAnswer>> request(const Admission& admission, std::string_view method,
                                                       std::string_view params, http::Exchange& exchange) override;
  void stop();

 private:
  struct Running;
  using Shared = std::shared_ptr<Running>;

  http::Task<Result<Shared>> running(const Admission& admission);
  http::Task<Result<void>> open(const Admission& admission, const Shared& entry);
  /// `exchange` null: nobody is there who could leave.
  http::Task<Result<PeerAnswer>> ask(Shared entry, std::string_view method, std::string_view params,
                                     http::Exchange* exchange);

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  StdioStarts& starts_;
  std::map<std::string, Shared, std::less<>> running_;
};

}  // namespace runagents::server
