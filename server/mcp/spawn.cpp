#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/descriptor.hpp"
#include "server/mcp/stdio_process.hpp"

namespace runagents::server {
namespace {

std::unexpected<Error> cannot_start(const StdioCommand& command, int error) {
  return fail(ErrorCode::unavailable,
              "the MCP server \"" + command.name + "\" cannot be started: " + std::strerror(error), {},
              "upstream_unreachable");
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

struct FileActions {
  posix_spawn_file_actions_t value{};
  FileActions() { posix_spawn_file_actions_init(&value); }
  ~FileActions() { posix_spawn_file_actions_destroy(&value); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

struct Attributes {
  posix_spawnattr_t value{};
  Attributes() { posix_spawnattr_init(&value); }
  ~Attributes() { posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

/// Signals that this program ignores or blocks are the command's own affair.
void set_attributes(posix_spawnattr_t& attributes) {
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

}  // namespace

Result<SpawnedProcess> spawn(const StdioCommand& command) {
  std::array<std::array<int, 2>, 3> pipes{{{-1, -1}, {-1, -1}, {-1, -1}}};
  for (auto& pipe : pipes) {
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
      const int error = errno;
      for (const auto& made : pipes) {
        for (const int end : made) {
          if (end >= 0) ::close(end);
        }
      }
      return cannot_start(command, error);
    }
  }
  Descriptor child_input{pipes[0][0]};
  Descriptor input{pipes[0][1]};
  Descriptor output{pipes[1][0]};
  Descriptor child_output{pipes[1][1]};
  Descriptor errors{pipes[2][0]};
  Descriptor child_errors{pipes[2][1]};
  FileActions actions;
  posix_spawn_file_actions_adddup2(&actions.value, child_input.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions.value, child_output.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions.value, child_errors.get(), STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&actions.value, STDERR_FILENO + 1);
  posix_spawn_file_actions_addchdir_np(&actions.value, "/");
  Attributes attributes;
  set_attributes(attributes.value);
  const auto words = pointers(command.words);
  const auto environment = pointers(command.environment);
  pid_t pid = -1;
  const int error =
      ::posix_spawnp(&pid, words.front(), &actions.value, &attributes.value, words.data(), environment.data());
  if (error != 0) return cannot_start(command, error);
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int why = errno;
    ::kill(-pid, SIGKILL);
    return cannot_start(command, why);
  }
  return SpawnedProcess{
      .pid = pid, .pidfd = pidfd, .input = input.release(), .output = output.release(), .errors = errors.release()};
}

}  // namespace runagents::server
