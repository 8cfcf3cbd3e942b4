#include "cli/completion/commands.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <ostream>
#include <utility>

#include "cli/completion/line.hpp"
#include "cli/completion/names.hpp"
#include "cli/embedded_files.hpp"
#include "cli/groups.hpp"

namespace runagents::cli {
namespace {

struct Options {
  std::vector<std::string> words;
  std::string breaks;
};

std::string_view directive_of(ShellAdds adds) {
  switch (adds) {
    case ShellAdds::nothing:
      break;
    case ShellAdds::files:
      return ":files";
    case ShellAdds::directories:
      return ":directories";
    case ShellAdds::commands:
      return ":commands";
  }
  return ":nothing";
}

Outcome answer(const Options& options, Context& context) {
  bool is_late = false;
  const auto names = [&](const NamesWanted& wanted) {
    auto found = live_names_in_time(wanted, context);
    is_late = !found;
    return std::move(found).value_or(std::vector<Candidate>{});
  };
  const auto completion = options.breaks.empty()  ? complete_words(options.words, names)
                          : options.words.empty() ? Completion{}
                                                  : complete_bash_line(options.words.back(), options.breaks, names);
  write_completion(completion, context.terminal.out);
  context.terminal.out.flush();
  // Whatever still looks for names must not meet what `main` takes down.
  if (is_late) std::_Exit(0);
  return 0;
}

Outcome print_script(std::string_view file, const Context& context) {
  context.terminal.out << embedded_text(file);
  return 0;
}

Command script_command(std::string shell, std::string file, std::vector<Example> examples) {
  return {.name = shell,
          .summary = fmt::format("the script for {}", shell),
          .examples = std::move(examples),
          .run = [file = std::move(file)](Context& context) { return print_script(file, context); }};
}

}  // namespace

void write_completion(const Completion& completion, std::ostream& out) {
  for (const auto& one : completion.candidates) out << one.value << '\t' << one.description << '\n';
  out << directive_of(completion.adds);
  if (!completion.prefix.empty()) out << ' ' << completion.prefix;
  out << '\n';
}

Completion complete_words(std::span<const std::string> words, const Names& names) {
  const std::size_t first = !words.empty() && words.front() == "help" ? 1 : 0;
  const bool has_first = words.size() > first + 1;
  return complete(command_tree(has_first ? std::string_view{words[first]} : std::string_view{}), words, names);
}

Completion complete_bash_line(const std::string& line, const std::string& breaks, const Names& names) {
  const auto read = read_bash_line(line, breaks);
  if (read.wants_file) return {.adds = ShellAdds::files};
  const auto words = std::span{read.words}.subspan(1);
  if (words.empty()) return {};
  auto completion = complete_words(words, names);
  std::vector<Candidate> fitting;
  for (auto& one : completion.candidates) {
    if (!one.value.starts_with(words.back())) continue;
    one.value = quoted_for_bash(std::string_view{one.value}.substr(read.kept.size()), read.quote);
    fitting.push_back(std::move(one));
  }
  completion.candidates = std::move(fitting);
  return completion;
}

Command complete_command() {
  auto options = std::make_shared<Options>();
  return {.name = "__complete",
          .summary = "what the last word of a command line could become",
          .examples = {{"runagents __complete -- runs get \"\"", "as the scripts of shells ask"}},
          .arguments = {{.name = "WORD",
                         .summary = "the words after the program's name",
                         .binding = &options->words,
                         .required = false,
                         .is_command = true}},
          .flags = {{.name = "bash",
                     .value = "BREAKS",
                     .summary = "the last WORD is a line as bash has it, and this is COMP_WORDBREAKS",
                     .binding = &options->breaks}},
          .hidden = true,
          .run = [options](Context& context) { return answer(*options, context); }};
}

Command completion_command() {
  return {.name = "completion",
          .summary = "what makes a shell complete commands, flags and names",
          .description =
              "Prints the script for a shell. Packages and cmake --install put it where the shell looks by itself.",
          .commands = {
              script_command("bash", "completions/runagents.bash",
                             {{"runagents completion bash", "in ~/.bashrc: source <(runagents completion bash)"}}),
              script_command(
                  "zsh", "completions/_runagents",
                  {{"runagents completion zsh", "in ~/.zshrc, after compinit: source <(runagents completion zsh)"}}),
              script_command("fish", "completions/runagents.fish",
                             {{"runagents completion fish",
                               "in ~/.config/fish/config.fish: runagents completion fish | source"}})}};
}

}  // namespace runagents::cli
