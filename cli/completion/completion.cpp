#include "cli/completion/completion.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "cli/flag_words.hpp"
#include "cli/objects/resource_kinds.hpp"
#include "cli/output/text.hpp"
#include "cli/parse.hpp"

namespace runagents::cli {
namespace {

using Words = std::span<const std::string>;

constexpr std::size_t longest_name = 255;

/// Where flags put what they are given, when nobody reads it.
struct Unread {
  Invocation invocation = {};
  std::string format = {};
  std::string colour = {};
};

std::vector<Flag> flags_of(const Command& command, Unread& unread) {
  auto flags = command.flags;
  std::ranges::move(common_flags(command, unread.invocation, unread.format, unread.colour), std::back_inserter(flags));
  return flags;
}

bool takes_many(const Binding& binding) { return std::holds_alternative<std::vector<std::string>*>(binding); }

/// What the words before the one under the cursor come to.
class Line {
 public:
  Line(const Command& root, Words words) : command_{&root}, flags_{flags_of(root, unread_)} {
    for (const auto& word : words) read(word);
  }

  [[nodiscard]] Completion complete(const std::string& word, const Names& names) const;

 private:
  void read(const std::string& word);
  void read_flag(const std::string& word);
  void enter(const std::string& word);
  void note_value(const Flag& flag, const std::string& value);

  [[nodiscard]] bool is_group() const { return !command_->commands.empty(); }
  [[nodiscard]] bool takes_command() const {
    return !command_->arguments.empty() && command_->arguments.back().is_command;
  }
  /// Flags of our own end where the command to execute begins.
  [[nodiscard]] bool takes_flags() const {
    return !is_separated_ && (!takes_command() || arguments_.size() < command_->arguments.size());
  }
  [[nodiscard]] const Argument* next_argument() const;

  [[nodiscard]] Completion flags(const std::string& word) const;
  [[nodiscard]] Completion commands() const;
  [[nodiscard]] Completion argument(const Names& names) const;
  [[nodiscard]] Completion value_of(const Flag& flag, const std::string& prefix, const Names& names) const;
  [[nodiscard]] Completion meant(Means means, const std::string& prefix, const Names& names) const;

  Unread unread_;
  const Command* command_;
  std::vector<Flag> flags_;
  const Flag* waiting_ = nullptr;  ///< for its value
  bool is_separated_ = false;      ///< by "--"
  bool is_lost_ = false;           ///< after a word that is no command
  std::set<std::string> given_;
  std::vector<std::string> arguments_;
  std::string context_;
  std::string config_;
};

void Line::read(const std::string& word) {
  if (waiting_ != nullptr) return note_value(*std::exchange(waiting_, nullptr), word);
  if (takes_flags() && word == "--") {
    is_separated_ = true;
  } else if (takes_flags() && looks_like_flag(word)) {
    read_flag(word);
  } else if (is_group()) {
    enter(word);
  } else {
    arguments_.push_back(word);
  }
}

void Line::read_flag(const std::string& word) {
  const auto* flag = flag_of(word, flags_);
  if (flag == nullptr) return;
  given_.insert(flag->name);
  if (takes_next_word(word, *flag)) {
    waiting_ = flag;
  } else if (!flag->value.empty()) {
    const auto equals = word.find('=');
    note_value(*flag, word.substr(word.starts_with("--") ? equals + 1 : 2));
  }
}

void Line::enter(const std::string& word) {
  const auto child = std::ranges::find(command_->commands, word, &Command::name);
  if (child == command_->commands.end()) {
    is_lost_ = true;
    return;
  }
  command_ = &*child;
  flags_ = flags_of(*command_, unread_);
}

void Line::note_value(const Flag& flag, const std::string& value) {
  if (flag.name == "context") context_ = value;
  if (flag.name == "config") config_ = value;
}

const Argument* Line::next_argument() const {
  const auto& known = command_->arguments;
  if (arguments_.size() < known.size()) return &known[arguments_.size()];
  return !known.empty() && takes_many(known.back().binding) ? &known.back() : nullptr;
}

Completion Line::complete(const std::string& word, const Names& names) const {
  if (is_lost_) return {};
  if (waiting_ != nullptr) return value_of(*waiting_, {}, names);
  if (takes_flags() && word.starts_with('-')) {
    const auto equals = word.find('=');
    if (!word.starts_with("--") || equals == std::string::npos) return flags(word);
    const auto* flag = flag_of(word, flags_);
    return flag == nullptr || flag->value.empty() ? Completion{} : value_of(*flag, word.substr(0, equals + 1), names);
  }
  if (is_group()) return commands();
  if (next_argument() != nullptr) return argument(names);
  return takes_flags() && word.empty() ? flags(word) : Completion{};
}

Completion Line::flags(const std::string& word) const {
  Completion completion;
  const bool with_letters = word.starts_with('-') && !word.starts_with("--");
  for (const auto& flag : flags_) {
    if (given_.contains(flag.name) && !takes_many(flag.binding)) continue;
    completion.candidates.push_back({written(flag), flag.summary});
    if (with_letters && flag.letter != 0) completion.candidates.push_back({{'-', flag.letter}, flag.summary});
  }
  return completion;
}

Completion Line::commands() const {
  Completion completion;
  for (const auto& command : command_->commands) {
    if (!command.hidden) completion.candidates.push_back({command.name, command.summary});
  }
  return completion;
}

Completion Line::argument(const Names& names) const {
  const auto& argument = *next_argument();
  if (argument.is_command) {
    const bool is_first = arguments_.size() < command_->arguments.size();
    return {.adds = is_first ? ShellAdds::commands : ShellAdds::files};
  }
  auto completion = meant(argument.means, {}, names);
  for (const auto& usual : argument.suggestions) completion.candidates.push_back({usual});
  std::erase_if(completion.candidates, [&](const Candidate& one) {
    const bool is_there = takes_many(argument.binding) && std::ranges::find(arguments_, one.value) != arguments_.end();
    return is_there || (!is_separated_ && looks_like_flag(one.value));
  });
  return completion;
}

Completion Line::value_of(const Flag& flag, const std::string& prefix, const Names& names) const {
  auto completion = meant(flag.means, prefix, names);
  for (const auto& choice : flag.choices) completion.candidates.push_back({choice});
  if (prefix.empty()) std::erase_if(completion.candidates, [](const auto& one) { return looks_like_flag(one.value); });
  for (auto& candidate : completion.candidates) candidate.value.insert(0, prefix);
  return completion;
}

Completion Line::meant(Means means, const std::string& prefix, const Names& names) const {
  switch (means) {
    case Means::text:
      return {};
    case Means::file:
      return {.adds = ShellAdds::files, .prefix = prefix};
    case Means::directory:
      return {.adds = ShellAdds::directories, .prefix = prefix};
    case Means::resource_kind: {
      Completion completion;
      for (const auto& kind : resource_kinds()) completion.candidates.push_back({kind.word});
      return completion;
    }
    default:
      break;
  }
  Completion completion{.candidates =
                            names({.means = means, .context = context_, .config = config_, .arguments = arguments_})};
  std::erase_if(completion.candidates, [](const auto& one) { return !is_presentable(one.value); });
  for (auto& candidate : completion.candidates) {
    candidate.description = output::shorten(output::printable(candidate.description), 80);
  }
  return completion;
}

}  // namespace

Completion complete(const Command& root, Words words, const Names& names) {
  if (words.empty()) return {};
  auto before = words.first(words.size() - 1);
  const bool asks_for_help = !before.empty() && before.front() == "help";
  if (asks_for_help) before = before.subspan(1);
  auto completion = Line{root, before}.complete(words.back(), names);
  if (before.empty() && !words.back().starts_with('-') && !asks_for_help) {
    completion.candidates.push_back({"help", "tell about a command"});
  }
  return completion;
}

bool is_presentable(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_name && output::printable(text, output::Characters::unicode) == text;
}

}  // namespace runagents::cli
