#pragma once

#include <chrono>
#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

struct Login {
  bool device = false;
  bool no_browser = false;
  std::chrono::seconds timeout{300};
  bool dry_run = false;
};

/// Gets tokens of a person for the context: by a browser on this machine (RFC 8252), or with `device` by one anywhere
/// else (RFC 8628).
[[nodiscard]] Outcome log_in(const Login& options, Context& context);
/// Has the server forget the tokens, and forgets them.
[[nodiscard]] Outcome log_out(bool dry_run, Context& context);
/// Who the server says that this is.
[[nodiscard]] Outcome who_am_i(Context& context);

}  // namespace runagents::cli
