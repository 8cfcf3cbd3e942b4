#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "runner/launch/agent_process.hpp"
#include "runner/launch/pidfd.hpp"

namespace runagents::launch::test {

/// A directory of its own that goes with the object.
class Scratch {
 public:
  Scratch() {
    std::string pattern = "/tmp/runagents-launch-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::vector<pid_t> read_pids(const std::string& path) {
  std::istringstream words{read_file(path)};
  return {std::istream_iterator<pid_t>{words}, {}};
}

/// Waits until a process runs no more (it may be a zombie of somebody else's).
inline bool ends(pid_t pid, int timeout_ms = 10'000) {
  const int handle = ::pidfd_open(pid, 0);
  if (handle < 0) {
    return true;
  }
  pollfd source{.fd = handle, .events = POLLIN, .revents = 0};
  const bool ended = ::poll(&source, 1, timeout_ms) == 1;
  ::close(handle);
  return ended;
}

/// Looks again every millisecond until the condition holds.
template <class Condition>
bool comes_true(Condition condition, int timeout_ms = 10'000) {
  for (int waited = 0; waited < timeout_ms; ++waited) {
    if (condition()) {
      return true;
    }
    ::usleep(1000);
  }
  return condition();
}

inline LaunchSpec command(std::vector<std::string> words) {
  return {.command = std::move(words), .environment = {"PATH=/usr/bin:/bin"}, .working_directory = ""};
}

inline LaunchSpec shell(const std::string& script) { return command({"sh", "-c", script}); }

}  // namespace runagents::launch::test
