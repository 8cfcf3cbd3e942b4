#include "core/config/command_output.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runagents::config {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_{number} {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

std::string reason(int number) { return std::generic_category().message(number); }

class SpawnActions {
 public:
  SpawnActions(const std::filesystem::path& directory, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    if (!directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

/// A process group of its own, and signals as a program expects them at its start.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Result<pid_t> spawn(const std::vector<std::string>& command, const std::filesystem::path& directory, int output) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  // execve takes char* for historical reasons and does not write.
  for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const SpawnActions actions{directory, output};
  const SpawnAttributes attributes;
  pid_t pid = 0;
  const int error =
      ::posix_spawnp(&pid, command.front().c_str(), actions.get(), attributes.get(), arguments.data(), environ);
  const auto code = error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable;
  if (error != 0) return fail(code, "cannot run " + command.front() + ": " + reason(error));
  return pid;
}

/// Output of one command, wiped when it is not handed over.
struct Output {
  explicit Output(std::size_t max_bytes) : bytes(max_bytes + 1, '\0') {}
  ~Output() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] bool is_full() const noexcept { return size == bytes.size(); }

  /// False at the end of the pipe.
  bool read_from(int pipe) {
    const auto count = ::read(pipe, bytes.data() + size, bytes.size() - size);
    if (count > 0) size += static_cast<std::size_t>(count);
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }

  std::string bytes;
  std::size_t size = 0;
};

enum class Ending { exited, timed_out, wrote_too_much, unwatchable };

/// A descriptor that becomes readable when the process ends; -1 when there is none to be had. Not by glibc's wrapper,
/// whose header in Debian 12 cannot be used from C++.
int open_process(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
}

/// What is in the pipe already; a process that was left behind may hold it open.
void drain(int pipe, Output& output) {
  pollfd ready{pipe, POLLIN, 0};
  while (!output.is_full() && ::poll(&ready, 1, 0) > 0 && output.read_from(pipe)) {
  }
}

Ending collect(int pipe, int process, Clock::time_point deadline, Output& output) {
  std::array<pollfd, 2> watched = {pollfd{process, POLLIN, 0}, pollfd{pipe, POLLIN, 0}};
  while (Clock::now() < deadline) {
    const int count = ::poll(watched.data(), watched.size(), milliseconds_until(deadline));
    if (count <= 0) continue;
    if (watched[1].revents != 0 && !output.read_from(pipe)) watched[1].fd = -1;
    if (output.is_full()) return Ending::wrote_too_much;
    if (watched[0].revents != 0) {
      drain(pipe, output);
      return output.is_full() ? Ending::wrote_too_much : Ending::exited;
    }
  }
  return Ending::timed_out;
}

/// How the command ended, in words; empty for success.
std::string reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return "ended, but its status is lost: " + reason(errno);
  }
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  return code == 0 ? std::string{} : "ended with exit status " + std::to_string(code);
}

Result<std::string> conclude(const std::string& program, Ending ending, const std::string& failure, Output& output,
                             std::chrono::milliseconds time_limit) {
  if (ending == Ending::timed_out) {
    return fail(ErrorCode::unavailable, program + " did not end within " + std::to_string(time_limit.count()) + " ms");
  }
  if (ending == Ending::wrote_too_much) {
    return fail(ErrorCode::unavailable,
                program + " wrote more than " + std::to_string(output.bytes.size() - 1) + " bytes");
  }
  if (ending == Ending::unwatchable) {
    return fail(ErrorCode::unavailable, program + " cannot be waited for: no descriptor for a process");
  }
  if (!failure.empty()) return fail(ErrorCode::unavailable, program + " " + failure);
  return output.bytes.substr(0, output.size);
}

}  // namespace

Result<std::string> command_output(const std::vector<std::string>& command, const std::filesystem::path& directory,
                                   std::chrono::milliseconds time_limit, std::size_t max_bytes) {
  const auto deadline = Clock::now() + time_limit;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    return fail(ErrorCode::internal, "cannot make a pipe: " + reason(errno));
  }
  const Descriptor reading{pipe[0]};
  Descriptor writing{pipe[1]};
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  const auto pid = spawn(command, directory, writing.get());
  writing.close();
  if (!pid) return std::unexpected(pid.error());

  Output output{max_bytes};
  const Descriptor process{open_process(*pid)};
  const auto ending = process.get() < 0 ? Ending::unwatchable : collect(reading.get(), process.get(), deadline, output);
  // Not reaped yet, so neither the process nor its group can be somebody else's by now.
  if (ending != Ending::exited) ::kill(-*pid, SIGKILL);
  const auto failure = reap(*pid);
  return conclude(command.front(), ending, failure, output, time_limit);
}

}  // namespace runagents::config
