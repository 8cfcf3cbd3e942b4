#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "core/error.hpp"

namespace runagents::cli {

/// How a child of this process is started.
struct ChildSpec {
  std::vector<std::string> command;        ///< the first is looked up in PATH
  std::map<std::string, std::string> set;  ///< variables over the inherited ones
  std::string unset_prefix;                ///< inherited variables that begin so are left out; empty: none
  std::filesystem::path directory;         ///< empty: the current one
  std::string input;                       ///< its standard input; at most a few KiB
  std::filesystem::path errors;            ///< where its standard error goes; empty: to that of this process
};

/// A child whose standard output is read line by line. Ends with this object: asked, and killed after two seconds.
class ChildProcess {
 public:
  [[nodiscard]] static Result<ChildProcess> start(const ChildSpec& spec);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line; nothing at the end of the output or when none came in time.
  [[nodiscard]] std::optional<std::string> read_line(std::chrono::milliseconds limit);
  /// Waits for the end; the exit status as a shell shows it.
  [[nodiscard]] int wait();

 private:
  ChildProcess(pid_t pid, int output) : pid_{pid}, output_{output} {}
  void end() noexcept;

  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

/// What a child that ran to its end printed, and its exit status.
struct ChildResult {
  int exit_code = 0;
  std::string output;
};
[[nodiscard]] Result<ChildResult> run_child(const ChildSpec& spec);

}  // namespace runagents::cli
