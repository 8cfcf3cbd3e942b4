#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/context.hpp"
#include "cli/means.hpp"

namespace runagents::cli {

/// Where the value of a flag or an argument goes. The pointer belongs to the Options struct that the command's `run`
/// holds.
using Binding = std::variant<bool*, std::string*, std::vector<std::string>*, std::uint32_t*, std::chrono::seconds*>;

/// One flag, as data: parsing, help, completion and manual are all made from it.
struct Flag {
  std::string name;        ///< "scope", used as --scope
  char letter = 0;         ///< 'o', used as -o; 0: none
  std::string value = {};  ///< placeholder of the value ("FILE"); empty: a switch
  std::string summary;     ///< one line, lower case, no full stop
  Binding binding;
  std::vector<std::string> choices = {};  ///< the only values; empty: any
  std::string default_text = {};          ///< as help shows it; empty: not shown
  Means means = Means::text;              ///< what the value names
};

/// A positional argument.
struct Argument {
  std::string name;  ///< upper case: "ID"
  std::string summary;
  Binding binding;  ///< a string, or a list that takes all that remain
  bool required = true;
  bool is_command = false;  ///< takes everything from the first word that is no flag, flags of that command included
  Means means = Means::text;
  std::vector<std::string> suggestions = {};  ///< the usual values, for completion
};

/// A line that works as printed.
struct Example {
  std::string line;
  std::string meaning;
};

/// A command or a group of them.
struct Command {
  std::string name;
  std::string summary;           ///< one line, lower case, no full stop
  std::string description = {};  ///< paragraphs separated by empty lines
  std::vector<Example> examples = {};
  std::vector<Argument> arguments = {};
  std::vector<Flag> flags = {};
  bool prints_objects = false;  ///< takes -o and --fields
  int failure_exit = 0;         ///< exit status for every error; 0: the one of its code
  bool hidden = false;          ///< for programs: in no list of commands
  std::function<Outcome(Context&)> run = {};
  std::vector<Command> commands = {};
};

/// --config FILE, the same for every command that reads the project file.
[[nodiscard]] Flag config_flag(std::string& target);

/// The methods of HTTP that most calls have.
[[nodiscard]] std::vector<std::string> usual_methods();

// What lists and views take alike: only what belongs to an agent, a run or an end user; no more than so many, no longer
// than that.
[[nodiscard]] Flag only_of_agent(std::string& target);
[[nodiscard]] Flag only_of_run(std::string& target);
[[nodiscard]] Flag only_of_user(std::string& target);
[[nodiscard]] Flag limit_flag(std::uint32_t& target);
[[nodiscard]] Flag stop_after(std::chrono::seconds& target);

/// A flag without a value.
[[nodiscard]] Flag switch_flag(std::string name, std::string summary, bool& target);

/// The command line of this program. When `first_word` names a command, that one alone: making all of them takes a
/// millisecond and half a megabyte.
[[nodiscard]] Command command_tree(std::string_view first_word = {});

}  // namespace runagents::cli
