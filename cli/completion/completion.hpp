#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace runagents::cli {

/// What a word could become.
struct Candidate {
  std::string value;  ///< the whole word, unquoted
  std::string description = {};

  bool operator==(const Candidate&) const = default;
};

/// What the shell adds from what it knows itself.
enum class ShellAdds { nothing, files, directories, commands };

struct Completion {
  std::vector<Candidate> candidates = {};
  ShellAdds adds = ShellAdds::nothing;
  std::string prefix = {};  ///< of the word, before what the shell completes: "--config="
};

/// Names of objects are asked for with what the rest of the line says about where they are.
struct NamesWanted {
  Means means = Means::text;
  std::string context = {};  ///< --context; empty: not given
  std::string config = {};   ///< --config
  /// The arguments that stand before the word.
  std::vector<std::string> arguments = {};
};

using Names = std::function<std::vector<Candidate>(const NamesWanted&)>;

/// What the last of `words` could become: those after the program's name, up to the one under the cursor, unquoted.
/// Reads a line as `parse` does. What the last word holds already narrows nothing but the choice between flags, values
/// and arguments: shells match in more ways than one. A flag that stands on the line comes once more only if it may be
/// repeated. Names that the command line would not take for one (a dash in front) are left out.
[[nodiscard]] Completion complete(const Command& root, std::span<const std::string> words, const Names& names);

/// Whether a text can be shown and inserted: UTF-8 without control characters, of at most 255 bytes.
[[nodiscard]] bool is_presentable(std::string_view text) noexcept;

}  // namespace runagents::cli
