#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"
#include "server/mcp/admission.hpp"
#include "server/mcp/stdio_process.hpp"

namespace runagents::server {

/// What a command has said and its client has not taken yet. When that is much, the command waits.
struct StdioFlow {
  static constexpr std::size_t max_queued_bytes = std::size_t{4} << 20U;

  explicit StdioFlow(std::shared_ptr<StdioProcess> from) : process{std::move(from)} {}

  void add(std::size_t size) {
    bytes += size;
    if (bytes > max_queued_bytes) process->pause();
  }
  void remove(std::size_t size) {
    bytes -= size;
    if (bytes < max_queued_bytes / 2) process->resume();
  }

  std::shared_ptr<StdioProcess> process;
  std::size_t bytes = 0;
};

/// Where the messages for one POST, or for the GET stream, wait until they are sent.
struct StdioWaiting {
  StdioWaiting(http::asio::io_context& context, std::shared_ptr<StdioFlow> shared)
      : arrived{context, http::Timer::time_point::max()}, flow{std::move(shared)} {}
  ~StdioWaiting() {
    for (const auto& message : messages) flow->remove(message.size());
  }
  StdioWaiting(const StdioWaiting&) = delete;
  StdioWaiting& operator=(const StdioWaiting&) = delete;

  void put(std::string message) {
    flow->add(message.size());
    messages.push_back(std::move(message));
    arrived.cancel();
  }
  std::string take() {
    auto message = std::move(messages.front());
    messages.pop_front();
    flow->remove(message.size());
    return message;
  }
  void end() {
    over = true;
    arrived.cancel();
  }
  [[nodiscard]] http::Task<void> wait(std::chrono::milliseconds at_most) {
    if (!messages.empty() || over) co_return;
    arrived.expires_after(at_most);
    static_cast<void>(co_await arrived.async_wait(http::by_value));
  }

  http::Timer arrived;
  std::shared_ptr<StdioFlow> flow;
  std::deque<std::string> messages;
  std::size_t unanswered = 0;  ///< requests of the POST
  bool over = false;           ///< nothing more comes
};

/// One client's session with one process of a command: which answer belongs to which request, and where what the
/// command says of its own accord goes. Ends the process of a client that has been silent for `idle_limit`. Of the
/// event loop's thread. For .cpp files.
struct StdioSession final : http::Ticking {
  static constexpr std::chrono::minutes idle_limit{30};

  StdioSession(http::Ticker& ticker, std::shared_ptr<StdioProcess> started, const Admission& admission)
      : Ticking{ticker},
        process{started},
        flow{std::make_shared<StdioFlow>(std::move(started))},
        binding{admission.binding()},
        server_id{admission.server.id} {
    touch();
  }

  struct Pending {
    std::shared_ptr<StdioWaiting> waiting;
    std::string token;
  };

  void touch() { arm(idle_limit); }
  void expired() override {
    if (pending.empty() && !stream) {
      process->stop();
    } else {
      touch();
    }
  }

  /// A line of the command's. What is no message is none of MCP's, and left alone.
  void receive(std::string_view line);
  /// The command has ended.
  void end();
  /// The client of a POST is gone; answers that still come are for nobody.
  void forget(const std::shared_ptr<StdioWaiting>& waiting);

  std::shared_ptr<StdioProcess> process;
  std::shared_ptr<StdioFlow> flow;
  std::string session_id;
  std::string binding;
  std::string server_id;
  std::map<std::string, Pending> pending;  ///< by the request's id, as JSON
  std::vector<std::string> order;          ///< the same ids, the newest last
  std::shared_ptr<StdioWaiting> stream;    ///< of the GET; null: there is none
  std::deque<std::string> unsent;          ///< for it
  std::size_t unsent_bytes = 0;

 private:
  void answer(const std::string& id, std::string line);
  [[nodiscard]] StdioWaiting* receiver(const nlohmann::json& message) const;
};

}  // namespace runagents::server
