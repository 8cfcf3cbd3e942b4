#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "server/http/planes.hpp"
#include "server/mcp/admission.hpp"
#include "server/mcp/stdio_process.hpp"

namespace runagents::server {

/// Starts the commands of MCP servers: within limits, and after a pause that doubles when a command ends by itself soon
/// after its start. Of the event loop's thread; must outlive the processes that it starts.
class StdioStarts {
 public:
  static constexpr std::size_t max_processes = 64;
  static constexpr std::chrono::seconds short_life{10};
  static constexpr std::chrono::seconds longest_pause{60};

  StdioStarts(http::asio::io_context& context, Planes& planes) : context_{context}, planes_{planes} {}

  /// A process that runs and is not read from yet; `ended` must be called when it has ended, and says whether it did so
  /// by itself. Its environment is what
  /// every program needs, what the server was registered with, and its secret; nothing of this program's own.
  [[nodiscard]] http::Task<Result<std::shared_ptr<StdioProcess>>> start(const Admission& admission);
  void ended(const std::string& server_id, bool by_itself);
  /// Nothing is started any more.
  void stop() noexcept { is_stopped_ = true; }
  /// How many run, or are about to.
  [[nodiscard]] std::size_t running() const noexcept { return running_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct History {
    Clock::time_point started;
    Clock::time_point not_before;
    std::chrono::seconds pause{0};
  };

  http::asio::io_context& context_;
  Planes& planes_;
  std::map<std::string, History> histories_;
  std::size_t running_ = 0;
  bool is_stopped_ = false;
};

}  // namespace runagents::server
