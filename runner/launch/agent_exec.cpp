#include "runner/launch/agent_exec.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "runner/fence/build.hpp"
#include "runner/launch/control.hpp"

namespace runagents::launch {
namespace {

constexpr int status_not_executable = 126;
constexpr int status_not_found = 127;
/// For an agent whose environment has no PATH; without the current directory, which some C libraries put in front.
constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

std::string_view path_of(const LaunchSpec& spec) noexcept {
  for (const auto& entry : spec.environment) {
    if (entry.starts_with("PATH=")) {
      return std::string_view{entry}.substr(5);
    }
  }
  return default_path;
}

std::vector<std::string> candidates_of(const LaunchSpec& spec) {
  const std::string& program = spec.command.front();
  if (program.empty() || program.find('/') != std::string::npos) {
    return {program};
  }
  std::vector<std::string> candidates;
  std::string_view rest = path_of(spec);
  while (true) {
    const auto end = rest.find(':');
    const auto folder = rest.substr(0, end);
    candidates.push_back(folder.empty() ? program : std::string{folder} + "/" + program);
    if (end == std::string_view::npos) {
      return candidates;
    }
    rest.remove_prefix(end + 1);
  }
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const auto& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

void reset_signals(bool keeps_hangup_ignored) noexcept {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number <= SIGRTMAX; ++number) {
    if (number != SIGHUP || !keeps_hangup_ignored) {
      ::sigaction(number, &standard, nullptr);
    }
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool means_not_here(int error) noexcept {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG || error == ESTALE ||
         error == ENODEV || error == ETIMEDOUT;
}

/// As a shell searches: a file that may not be executed is remembered, and a later one may still do.
int execute(const ExecPlan& plan) noexcept {
  int remembered = ENOENT;
  for (const auto& file : plan.candidates()) {
    ::execve(file.c_str(), plan.arguments(), plan.environment());
    const int error = errno;
    if (error == EACCES) {
      remembered = EACCES;
    } else if (!means_not_here(error) || plan.candidates().size() == 1) {
      return error;
    }
  }
  return remembered;
}

LaunchFailure not_executable(std::string message, std::string hint = {}) {
  return {.exit_code = status_not_executable, .error = {ErrorCode::configuration, std::move(message), std::move(hint)}};
}

LaunchFailure describe_execute(int error, const LaunchSpec& spec) {
  const std::string& program = spec.command.front();
  const bool is_path = program.find('/') != std::string::npos;
  struct stat facts = {};
  const bool exists = is_path && ::stat(program.c_str(), &facts) == 0;
  if (error == EACCES && exists && S_ISDIR(facts.st_mode)) {
    return not_executable("is a directory: " + program);
  }
  if (error == EACCES) {
    return not_executable("permission denied: " + program, "make it executable: chmod +x " + program);
  }
  if (error == ENOEXEC) {
    return not_executable("exec format error: " + program,
                          "a script needs a first line such as #!/usr/bin/env python3; a program must be built for "
                          "this machine");
  }
  if (error == ENOENT && exists) {
    return not_executable("cannot execute " + program + ": the interpreter that it names does not exist",
                          "look at its first line (#!...)");
  }
  if (means_not_here(error)) {
    return {.exit_code = status_not_found,
            .error = {ErrorCode::not_found, "command not found: " + program,
                      is_path ? "check the path" : "is it installed, and in the agent's PATH?"}};
  }
  return not_executable("cannot execute " + program + ": " + std::generic_category().message(error));
}

}  // namespace

ExecPlan::ExecPlan(const LaunchSpec& spec)
    : arguments_{pointers_to(spec.command)},
      environment_{pointers_to(spec.environment)},
      candidates_{candidates_of(spec)},
      working_directory_{spec.working_directory.c_str()},
      descriptors_{spec.descriptors} {}

StartFailure become_agent(const ExecPlan& plan, const AgentSurroundings& surroundings) noexcept {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != surroundings.supervisor) {
    ::_exit(status_not_executable);
  }
  send_message(surroundings.control, {.notice = Notice::born, .value = 0, .detail = 0});
  if (surroundings.takes_terminal) {
    // All signals are blocked here, SIGTTOU too, or this would stop the process.
    ::tcsetpgrp(STDIN_FILENO, ::getpid());
  }
  if (*plan.working_directory() != '\0' && ::chdir(plan.working_directory()) != 0) {
    return {StartStep::working_directory, errno};
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) != 0) {
    return {StartStep::restrictions, errno};
  }
  if (plan.descriptors() && ::setrlimit(RLIMIT_NOFILE, &*plan.descriptors()) != 0) {
    return {StartStep::restrictions, errno};
  }
  if (surroundings.fence != nullptr) {
    if (const auto failure = fence::restrict_process(*surroundings.fence)) {
      return {StartStep::fence, failure->error, *failure};
    }
  }
  reset_signals(surroundings.keeps_hangup_ignored);
  return {StartStep::execute, execute(plan)};
}

LaunchFailure describe(const StartFailure& failure, const LaunchSpec& spec) {
  const std::string reason = std::generic_category().message(failure.error);
  switch (failure.step) {
    case StartStep::fence:
      return {.error = fence::describe(failure.fence)};
    case StartStep::working_directory:
      return not_executable("cannot enter the working directory " + spec.working_directory + ": " + reason);
    case StartStep::execute:
      return describe_execute(failure.error, spec);
    case StartStep::restrictions:
      return {.error = {ErrorCode::internal, "cannot confine the agent's process: " + reason,
                        "Linux 5.11 or newer is needed"}};
    case StartStep::fork:
      break;
  }
  return {.error = {ErrorCode::internal, "cannot create a process for the agent: " + reason,
                    "look at the limits on processes and memory (ulimit -u)"}};
}

}  // namespace runagents::launch
