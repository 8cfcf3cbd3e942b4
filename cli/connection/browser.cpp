#include "cli/connection/browser.hpp"

#include <array>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace runagents::cli {

void open_browser(const std::string& url, const Context& context) {
  const bool has_desktop = context.environment("DISPLAY") || context.environment("WAYLAND_DISPLAY");
  if (!context.terminal.err_is_terminal || !has_desktop || !url.starts_with("http")) return;
  // The browser must not hold our descriptors, nor write onto our terminal; its parent is init, so that none is left to
  // be waited for.
  const pid_t child = ::fork();
  if (child < 0) return;
  if (child == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    const int nothing = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing, fd);
    ::close_range(3, ~0U, 0);
    std::string target = url;
    std::string program = "xdg-open";
    const std::array<char*, 3> arguments{program.data(), target.data(), nullptr};
    ::execvp(program.c_str(), arguments.data());
    ::_exit(127);
  }
  ::waitpid(child, nullptr, 0);
}

}  // namespace runagents::cli
