#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>

namespace runagents::cli {

/// The person's end of a command: where data goes, where talk goes, and what can be done with them. Borrowed streams.
struct Terminal {
  std::istream& in;
  std::ostream& out;  ///< data
  std::ostream& err;  ///< talk
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::size_t width = 0;      ///< columns of `out`; 0: unlimited, as for a pipe
  std::size_t err_width = 0;  ///< columns of `err`
  bool colour_out = false;
  bool colour_err = false;
  std::function<int()> write_error = {};  ///< the errno with which writing to `out` failed, where it is known

  /// A person can be asked: both the question and the answer have a terminal.
  [[nodiscard]] bool can_ask() const noexcept { return in_is_terminal && err_is_terminal; }
};

}  // namespace runagents::cli
