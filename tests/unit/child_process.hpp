#pragma once

#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace runagents::tests {

/// Processes that all start their work at the same moment. Ends what is left when it goes.
class Children {
 public:
  Children() {
    if (::pipe(gate_) != 0) throw std::runtime_error{"pipe failed"};
  }
  ~Children() {
    (void)exit_codes();
    ::close(gate_[0]);
  }
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  /// Forks a process that waits for `exit_codes` and then ends with what `body` returns.
  template <class Body>
  void add(Body body) {
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error{"fork failed"};
    if (child == 0) {
      ::close(gate_[1]);
      char nothing = 0;
      while (::read(gate_[0], &nothing, 1) > 0) {
      }
      int code = 250;
      try {
        code = body();
      } catch (...) {
        code = 251;
      }
      ::_exit(code);
    }
    pids_.push_back(child);
  }

  /// Lets them go and collects their exit codes (128+N for signal N).
  std::vector<int> exit_codes() {
    if (!open_) return {};
    ::close(gate_[1]);
    open_ = false;
    std::vector<int> codes;
    for (const pid_t pid : pids_) {
      int status = 0;
      ::waitpid(pid, &status, 0);
      codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return codes;
  }

 private:
  int gate_[2] = {-1, -1};
  bool open_ = true;
  std::vector<pid_t> pids_;
};

/// Runs `body` in a process of its own and returns its exit code.
template <class Body>
int in_child(Body body) {
  Children children;
  children.add(body);
  return children.exit_codes().at(0);
}

}  // namespace runagents::tests
