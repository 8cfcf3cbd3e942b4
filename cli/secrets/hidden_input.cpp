#include "cli/secrets/hidden_input.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <istream>
#include <ostream>
#include <termios.h>
#include <unistd.h>

#include "core/config/secret.hpp"

namespace runagents::cli {
namespace {

constexpr std::array ending_signals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

volatile std::sig_atomic_t received = 0;
void remember(int number) { received = number; }

/// A terminal that does not show what is typed.
class Hidden {
 public:
  Hidden() {
    known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    auto hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    hidden.c_lflag |= ECHONL;
    struct sigaction action = {};
    action.sa_handler = remember;  // without SA_RESTART: a read ends
    for (std::size_t i = 0; i < ending_signals.size(); ++i) ::sigaction(ending_signals[i], &action, &actions_[i]);
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~Hidden() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < ending_signals.size(); ++i) ::sigaction(ending_signals[i], &actions_[i], nullptr);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  termios before_{};
  std::array<struct sigaction, ending_signals.size()> actions_{};
  bool known_ = false;
};

}  // namespace

Result<std::string> read_hidden_line(std::string_view question, const Terminal& terminal) {
  std::string line;
  bool is_whole = false;
  received = 0;
  {
    // Before the question: an answer that came at once would be shown, and thrown away as typed too early.
    const Hidden hidden;
    terminal.err << question << std::flush;
    char c = 0;
    while (!is_whole && ::read(STDIN_FILENO, &c, 1) == 1) {
      is_whole = c == '\n';
      if (!is_whole) line.push_back(c);
    }
  }
  if (is_whole) return line;
  config::wipe(line);
  if (received != 0) {
    terminal.err << "\n";
    ::raise(received);
  }
  return fail(ErrorCode::usage, "there was no line to read");
}

Result<std::string> read_piped(const Terminal& terminal, std::size_t limit) {
  std::string text;
  std::array<char, 4096> block{};
  while (terminal.in.read(block.data(), block.size()) || terminal.in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(terminal.in.gcount()));
    if (text.size() <= limit) continue;
    config::wipe(text);
    return fail(ErrorCode::usage, "standard input holds more than " + std::to_string(limit / 1024) + " KiB");
  }
  return text;
}

}  // namespace runagents::cli
