#pragma once

#include <iosfwd>
#include <string>

#include "cli/completion/completion.hpp"

namespace runagents::cli {

// The protocol between the scripts in completions/ and `runagents __complete`:
//
//   runagents __complete -- WORD...
//       The words after the program's name, up to the cursor, unquoted; the last one, which may be empty, is completed.
//       Every candidate comes, whatever the word begins with: the shell matches, and quotes what it inserts.
//
//   runagents __complete --bash BREAKS -- LINE
//       The line up to the cursor as it is typed, and COMP_WORDBREAKS. Only what begins as the word does comes, as what
//       has to be inserted, quoted.
//
// The answer is a line for each candidate, CANDIDATE TAB DESCRIPTION, and a last line that says what the shell adds:
//
//   :nothing
//   :files [PREFIX]         files, after PREFIX ("--config="), which is the beginning of the word
//   :directories [PREFIX]
//   :commands               programs that can be executed
//
// Candidates and descriptions hold no control characters. Standard error stays empty, and the exit status is 0.

/// Writes the answer.
void write_completion(const Completion& completion, std::ostream& out);

/// For bash: what begins as the last word of `line` does, quoted for the place where it is inserted.
[[nodiscard]] Completion complete_bash_line(const std::string& line, const std::string& breaks, const Names& names);

/// The program's own tree, made as far as `words` need it, and its answer.
[[nodiscard]] Completion complete_words(std::span<const std::string> words, const Names& names);

}  // namespace runagents::cli
