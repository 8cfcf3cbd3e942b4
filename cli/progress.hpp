#pragma once

#include <string_view>

#include "cli/context.hpp"

namespace runagents::cli {

/// One line on a terminal that says what a command waits for, written again as that changes, and gone when this ends.
/// It appears when the work has taken a second. Into a pipe, and on a terminal that cannot take a line back (TERM=dumb,
/// which programs that read aloud use), nothing is written. Borrows the context; of one thread.
class Progress {
 public:
  explicit Progress(const Context& context);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is being waited for now: "run 01JD...: RUNNING". Made printable, and cut to the width of the terminal.
  void show(std::string_view what);
  /// Before something else is written.
  void clear();

 private:
  const Context& context_;
  model::Time start_;
  bool can_show_;
  bool is_shown_ = false;
};

}  // namespace runagents::cli
