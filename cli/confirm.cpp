#include "cli/confirm.hpp"

#include <istream>
#include <ostream>
#include <string>

namespace runagents::cli {

Result<void> confirm(std::string_view question, bool yes, const Terminal& terminal) {
  if (yes) return {};
  if (!terminal.can_ask()) {
    return fail(ErrorCode::usage, "this needs a confirmation, and there is no terminal to ask on", "add --yes");
  }
  terminal.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(terminal.in, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return fail(ErrorCode::internal, "nothing was changed");
}

}  // namespace runagents::cli
