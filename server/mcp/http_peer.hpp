#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/mcp/gone_watch.hpp"
#include "server/mcp/peer.hpp"
#include "server/mcp/upstream_pool.hpp"

namespace runagents::server {

/// MCP servers over Streamable HTTP, one session for each caller and credential. A server is asked first whether it
/// speaks a version without sessions (`server/discover`); whatever else it answers, a session is begun with
/// `initialize`. What it asks in return is refused, since nobody is there to answer.
class HttpPeer final : public Peer {
 public:
  HttpPeer(http::asio::io_context& context, UpstreamPool& pool) : context_{context}, pool_{pool} {}

  [[nodiscard]] http::Task<Result<PeerAnswer>> request(const Admission& admission, std::string_view method,
                                                       std::string_view params, http::Exchange& exchange) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Conversation;
  using Shared = std::shared_ptr<Conversation>;
  /// One request in a conversation, and who waits for its answer (null: whoever needs the conversation).
  struct Question {
    std::string id;
    std::string_view method;
    std::string_view params;
    http::Exchange* exchange = nullptr;
  };

  http::Task<Result<Shared>> conversation(const Admission& admission);
  http::Task<Result<void>> open(const Admission& admission, Conversation& conversation);
  http::Task<Result<void>> begin_session(const Admission& admission, Conversation& conversation);
  http::Task<Result<PeerAnswer>> ask(const Admission& admission, Conversation& conversation, std::string_view method,
                                     std::string_view params, http::Exchange* exchange);
  http::Task<Result<PeerAnswer>> send(const Admission& admission, Conversation& conversation, const Question& question,
                                      UpstreamCall& call, GoneWatch& watch);
  http::Task<Result<PeerAnswer>> read_stream(const Admission& admission, Conversation& conversation,
                                             const Question& question, UpstreamCall& call, GoneWatch& watch);
  http::Task<Result<std::optional<PeerAnswer>>> take_event(const Admission& admission, const Conversation& conversation,
                                                           std::string_view id, std::string_view data);
  http::Task<Result<void>> tell(const Admission& admission, const Conversation& conversation, std::string message);
  void forget_idle();

  http::asio::io_context& context_;
  UpstreamPool& pool_;
  std::map<std::string, Shared, std::less<>> conversations_;
};

}  // namespace runagents::server
