#include "cli/child_process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace runagents::cli {
namespace {

// How long a child may take to end itself before it is killed.
constexpr std::chrono::milliseconds patience{2000};
constexpr std::chrono::milliseconds step{10};

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    if (read_end >= 0) ::close(read_end);
    if (write_end >= 0) ::close(write_end);
  }
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
};

std::vector<std::string> environment_of(const ChildSpec& spec) {
  std::vector<std::string> entries;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string text{*entry};
    const bool dropped = !spec.unset_prefix.empty() && text.starts_with(spec.unset_prefix);
    if (!dropped && !spec.set.contains(text.substr(0, text.find('=')))) entries.push_back(text);
  }
  for (const auto& [name, value] : spec.set) {
    auto& entry = entries.emplace_back(name);
    entry.append("=").append(value);
  }
  return entries;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

void describe_files(posix_spawn_file_actions_t& actions, const ChildSpec& spec, const Pipe& input, const Pipe& output) {
  ::posix_spawn_file_actions_adddup2(&actions, input.read_end, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output.write_end, STDOUT_FILENO);
  if (!spec.errors.empty()) {
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, spec.errors.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0600);
  }
  if (!spec.directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions, spec.directory.c_str());
}

/// A child begins with ordinary signals, whatever this process ignores or blocks.
void describe_signals(posix_spawnattr_t& attributes) {
  sigset_t reset{};
  sigset_t none{};
  ::sigemptyset(&none);
  ::sigemptyset(&reset);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaddset(&reset, number);
  ::posix_spawnattr_setsigdefault(&attributes, &reset);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

int shell_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

}  // namespace

Result<ChildProcess> ChildProcess::start(const ChildSpec& spec) {
  Pipe input;
  Pipe output;
  if (!input.open() || !output.open()) return fail(ErrorCode::internal, "cannot make a pipe");
  auto arguments = spec.command;
  auto variables = environment_of(spec);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  describe_files(actions, spec, input, output);
  posix_spawnattr_t attributes{};
  ::posix_spawnattr_init(&attributes);
  describe_signals(attributes);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments.front().c_str(), &actions, &attributes, pointers(arguments).data(),
                                   pointers(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    return fail(ErrorCode::internal,
                fmt::format("cannot start {}: {}", spec.command.front(), std::generic_category().message(error)));
  }
  const auto written = ::write(input.write_end, spec.input.data(), spec.input.size());
  ChildProcess child{pid, std::exchange(output.read_end, -1)};
  if (!std::cmp_equal(written, spec.input.size())) {
    return fail(ErrorCode::internal, "cannot write to " + spec.command.front());
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)},
      output_{std::exchange(other.output_, -1)},
      buffer_{std::move(other.buffer_)} {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  end();
  pid_ = std::exchange(other.pid_, -1);
  output_ = std::exchange(other.output_, -1);
  buffer_ = std::move(other.buffer_);
  return *this;
}

ChildProcess::~ChildProcess() { end(); }

void ChildProcess::end() noexcept {
  if (output_ >= 0) ::close(std::exchange(output_, -1));
  if (pid_ < 0) return;
  const pid_t pid = std::exchange(pid_, -1);
  ::kill(pid, SIGTERM);
  ::kill(pid, SIGCONT);
  for (auto left = patience; left.count() > 0; left -= step) {
    if (::waitpid(pid, nullptr, WNOHANG) == pid) return;
    std::this_thread::sleep_for(step);
  }
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> ChildProcess::read_line(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto line_end = buffer_.find('\n');
    if (line_end != std::string::npos) {
      auto line = buffer_.substr(0, line_end);
      buffer_.erase(0, line_end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waited{.fd = output_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    std::array<char, 4096> chunk{};
    const auto got = ::read(output_, chunk.data(), chunk.size());
    if (got <= 0) return std::nullopt;
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return shell_status(status);
}

Result<ChildResult> run_child(const ChildSpec& spec) {
  auto child = ChildProcess::start(spec);
  if (!child) return std::unexpected(child.error());
  ChildResult result;
  while (const auto line = child->read_line(std::chrono::minutes{1})) result.output += *line + "\n";
  result.exit_code = child->wait();
  return result;
}

}  // namespace runagents::cli
