#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace runagents::launch {

/// A question to the person at the controlling terminal.
struct Question {
  std::string text;                  ///< may be what an agent wrote: see `printable`
  std::vector<std::string> choices;  ///< what may be typed: a whole line that equals one of them, case-sensitive
  std::chrono::milliseconds time_limit{std::chrono::minutes{10}};
  pid_t agent_group = 0;  ///< a process group from which the terminal may be taken for the question; 0: none
  int cancel_fd = -1;     ///< when it becomes readable the question is withdrawn
};

/// Asks on /dev/tty and waits for the answer: the index of a choice, or nothing. Nothing is the outcome of every doubt:
/// no terminal, somebody else's foreground, end of input, hang-up, the time limit, the cancel descriptor, or three
/// lines that are no choice. What was typed before the question appeared is thrown away, so that it cannot answer.
///
/// A whole line is asked for, not a key: what the agent printed may make a terminal send bytes as if they were typed,
/// but no line of exactly such a text.
///
/// Blocks; made for a worker thread. The terminal's modes and foreground group are restored before it returns.
[[nodiscard]] std::optional<std::size_t> ask_on_terminal(const Question& question);

/// The text with everything replaced that could steer a terminal: control characters except newline become "\x1b" and
/// the like, and so do C1 controls and the marks that change the direction of writing.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace runagents::launch
