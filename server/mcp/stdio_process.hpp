#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/http/async.hpp"

namespace runagents::server {

/// A command that speaks MCP on its standard input and output.
struct StdioCommand {
  std::string name;                      ///< of the MCP server, for the log
  std::vector<std::string> words;        ///< program and arguments
  std::vector<std::string> environment;  ///< "NAME=value", all of it; secrets may be among them
  config::Secret secret;                 ///< is kept out of the log
};

/// A process that was started, and its ends of the pipes.
struct SpawnedProcess {
  pid_t pid = -1;
  int pidfd = -1;
  int input = -1;   ///< to write to
  int output = -1;  ///< to read from, as is `errors`
  int errors = -1;
};

/// Starts the command in a process group of its own, with nothing open but the three pipes, and in the directory "/".
/// Blocks for as long as that takes.
[[nodiscard]] Result<SpawnedProcess> spawn(const StdioCommand& command);

/// A running command: lines go in, lines come out. Its errors go to the log, bounded. When it ends, its whole process
/// group ends with it. Of the event loop's thread.
class StdioProcess final : public std::enable_shared_from_this<StdioProcess> {
 public:
  static constexpr std::size_t max_line_bytes = std::size_t{16} << 20U;

  /// Takes over the process and the pipes.
  StdioProcess(http::asio::io_context& context, SpawnedProcess spawned, std::string name, config::Secret secret);
  ~StdioProcess();
  StdioProcess(const StdioProcess&) = delete;
  StdioProcess& operator=(const StdioProcess&) = delete;

  /// Called for each line of output; once when the process has ended, by itself or because of `stop`, and all of its
  /// output was read. Neither may destroy this object.
  std::function<void(std::string_view line)> on_line;
  std::function<void(bool by_itself)> on_end;

  /// Begins to read. The process lives on until it ends, whoever still holds it.
  void start();
  /// Sends a line, which holds no line feed. False: it has ended, or does not read what it gets.
  [[nodiscard]] bool write(std::string line);
  /// Reads no more output until `resume`, because nobody takes it: the command then waits.
  void pause() noexcept { is_paused_ = true; }
  void resume();
  /// Asks it to end by closing its input (2025-11-25, lifecycle, "stdio"), a little later by SIGTERM, then SIGKILL.
  void stop();
  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

 private:
  using Pipe = http::asio::posix::basic_stream_descriptor<http::asio::io_context::executor_type>;
  enum class Stage { running, asked, told, gone };

  static http::Task<void> read_output(std::shared_ptr<StdioProcess> self);
  static http::Task<void> read_errors(std::shared_ptr<StdioProcess> self);
  static http::Task<void> write_input(std::shared_ptr<StdioProcess> self);
  static http::Task<void> wait(std::shared_ptr<StdioProcess> self);
  void log(std::string_view line);
  void signal_group(int signal) const;
  void begin_to_stop();
  void await_deadline();
  void expired();

  pid_t pid_;
  Pipe pidfd_;
  Pipe input_;
  Pipe output_;
  Pipe errors_;
  std::string name_;
  config::Secret secret_;
  http::Timer written_;   ///< cancelled when there is something to write
  http::Timer resumed_;   ///< when reading goes on
  http::Timer drained_;   ///< when the output is over
  http::Timer deadline_;  ///< before the next, harder step
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t logged_lines_ = 0;
  std::chrono::steady_clock::time_point log_window_;
  Stage stage_ = Stage::running;
  bool has_ended_ = false;
  bool is_paused_ = false;
  bool is_drained_ = false;
  bool was_stopped_ = false;
};

}  // namespace runagents::server
