#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/http_transport.hpp"
#include "core/error.hpp"
#include "core/http/fetch.hpp"

namespace runagents::cli {

/// A message of MCP that goes to a server, as its client wrote it.
struct OutgoingMessage {
  std::string text;     ///< JSON, one object or (2025-03-26) an array
  std::string id = {};  ///< of a request, as JSON; empty: no answer is due
  std::string method = {};
  std::string name = {};     ///< what a request of a version without sessions acts on
  std::string version = {};  ///< that such a request names in its _meta; empty: a version with sessions
};

struct RemoteMcpOptions {
  std::string url;  ///< of the MCP endpoint
  std::string ca_file = {};
  api::RequestCredential credential;  ///< called by one thread at a time
  /// Gets what the server says, one message in one line; may be called by several threads at once.
  std::function<void(std::string_view)> receive;
  std::function<void(std::string_view)> warn;  ///< likewise, for a person
  std::function<Result<http::FetchResponse>(const http::FetchRequest&)> fetch = http::fetch;
};

/// An MCP server over Streamable HTTP for a client that has one long conversation: keeps its session, begins a new one
/// when the server has forgotten it, and renews the credential when the server says that it is the cause. Every request
/// gets an answer, if only an error that says why there is none. Functions block; threads may call them at once.
class RemoteMcp {
 public:
  explicit RemoteMcp(RemoteMcpOptions options) : options_{std::move(options)} {}

  /// Sends a message, and hands over everything that comes back for it.
  void send(const OutgoingMessage& message);
  /// Receives what the server says unasked until `close`, or until it turns out that it says nothing.
  void listen();
  /// Ends the session and everything that still waits.
  void close();

 private:
  struct Conversation {
    std::string session;
    std::string version;
    unsigned number = 0;  ///< how many came before it
  };
  class Receiver;

  [[nodiscard]] Conversation conversation();
  [[nodiscard]] Result<http::FetchResponse> exchange(http::FetchRequest request, const Conversation& with,
                                                     const OutgoingMessage* message, Receiver& receiver);
  [[nodiscard]] Result<http::FetchResponse> exchange_once(http::FetchRequest request, const Conversation& with,
                                                          const OutgoingMessage* message, Receiver& receiver,
                                                          config::Secret& used, std::string_view refused);
  [[nodiscard]] Result<http::FetchResponse> post(const OutgoingMessage& message, const Conversation& with,
                                                 Receiver& receiver);
  void resume(const Conversation& with, Receiver& receiver);
  void begin(const OutgoingMessage& message, const http::FetchResponse& response, const Receiver& receiver);
  [[nodiscard]] bool begin_anew(unsigned after);
  void refuse(const OutgoingMessage& message, const Error& error, int status) const;

  RemoteMcpOptions options_;
  std::mutex credential_lock_;
  std::mutex conversation_lock_;
  std::mutex renewal_lock_;
  Conversation conversation_;
  std::optional<OutgoingMessage> first_;  ///< the client's initialize, for another session
  std::atomic<bool> is_closed_ = false;
};

}  // namespace runagents::cli
