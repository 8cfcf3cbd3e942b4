#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace runagents::cli {

/// What bash has before the cursor, taken apart as bash and its line editor do. Nothing is expanded: a "$" is a "$".
struct BashLine {
  std::vector<std::string> words;  ///< unquoted, the program's name among them; the last one is under the cursor
  std::string kept = {};           ///< the beginning of the last word, unquoted, which the line editor leaves as it is
  char quote = 0;                  ///< the quote that is open at the cursor; 0: none
  bool wants_file = false;         ///< the last word is where a redirection leads
};

/// `breaks` is COMP_WORDBREAKS: behind an unquoted one of these characters the line editor begins what it replaces
/// (at a "@", before it).
[[nodiscard]] BashLine read_bash_line(std::string_view line, std::string_view breaks);

/// What to insert so that bash reads `text`, one line, where `quote` is open. Nothing in it can be executed or
/// expanded, and no history be searched. With an open quote the insertion begins and ends with it: the line editor does
/// not double the first one, and takes it away where it inserts several completions (M-*).
[[nodiscard]] std::string quoted_for_bash(std::string_view text, char quote);

}  // namespace runagents::cli
