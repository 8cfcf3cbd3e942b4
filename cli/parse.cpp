#include "cli/parse.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "cli/flag_words.hpp"
#include "cli/nearest.hpp"
#include "cli/output/text.hpp"
#include "core/api/approval_json.hpp"

namespace runagents::cli {
namespace {

using Words = std::span<const std::string>;

std::unexpected<Error> usage(const std::string& message, std::string_view path, const std::string& hint = {}) {
  const auto help = fmt::format("see: {} --help", path);
  // A word that it repeats may hold line feeds.
  return fail(ErrorCode::usage, output::printable(message), hint.empty() ? help : hint + " (" + help + ")");
}

std::vector<std::string> names_of(std::span<const Command> commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) {
    if (!command.hidden) names.push_back(command.name);
  }
  return names;
}

/// Walks from the root to the command that the words name; flags that stand before it are carried along.
struct Found {
  const Command* command;
  std::string path;
  std::vector<std::string> rest;
};

Result<Found> find_command(const Command& root, Words words, std::span<const Flag> common) {
  Found found{&root, root.name, {}};
  std::size_t i = 0;
  for (; i < words.size() && !found.command->commands.empty(); ++i) {
    const auto& word = words[i];
    if (looks_like_flag(word)) {
      found.rest.push_back(word);
      const auto* flag = flag_of(word, common);
      if (flag != nullptr && takes_next_word(word, *flag) && i + 1 < words.size()) found.rest.push_back(words[++i]);
      continue;
    }
    const auto& commands = found.command->commands;
    const auto child = std::ranges::find(commands, word, &Command::name);
    if (child == commands.end()) {
      return usage(fmt::format("{} has no command \"{}\"", found.path, word), found.path,
                   did_you_mean(word, names_of(commands)));
    }
    found.command = &*child;
    found.path += " " + child->name;
  }
  for (; i < words.size(); ++i) found.rest.push_back(words[i]);
  return found;
}

/// Where the words for this program end and the words of a command to execute begin: at "--", or, when the command
/// line takes such a command, at the first word that is neither flag nor value nor one of the `own` arguments before
/// it.
std::size_t end_of_own_words(Words words, std::span<const Flag> flags, bool takes_command, std::size_t own) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") return i;
    if (looks_like_flag(words[i])) {
      const auto* flag = flag_of(words[i], flags);
      if (flag != nullptr && takes_next_word(words[i], *flag)) ++i;
    } else if (takes_command) {
      if (own == 0) return i;
      --own;
    }
  }
  return words.size();
}

Result<void> store(const Binding& binding, const std::string& name, std::string_view path, const std::string& text) {
  if (auto* const* text_target = std::get_if<std::string*>(&binding)) {
    **text_target = text;
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&binding)) {
    (*list)->push_back(text);
  } else if (auto* const* length = std::get_if<std::chrono::seconds*>(&binding)) {
    const auto parsed = api::duration_of(text);
    if (!parsed) {
      return usage(fmt::format("{}: \"{}\" is no length of time", name, text), path, "write 90s, 10m, 4h or 2d");
    }
    **length = *parsed;
  } else if (auto* const* number = std::get_if<std::uint32_t*>(&binding)) {
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, **number);
    if (error != std::errc{} || stop != end) return usage(fmt::format("{}: \"{}\" is no number", name, text), path);
  }
  return {};
}

Result<void> store_flag(const Flag& flag, std::string_view path, const std::string& text) {
  if (!flag.choices.empty() && std::ranges::find(flag.choices, text) == flag.choices.end()) {
    return usage(fmt::format("{}: \"{}\" is none of {}", written(flag), text, fmt::join(flag.choices, ", ")), path,
                 did_you_mean(text, flag.choices));
  }
  return store(flag.binding, written(flag), path, text);
}

std::unexpected<Error> unknown_flag(std::string_view word, std::span<const Flag> flags, std::string_view path) {
  std::vector<std::string> names;
  for (const auto& flag : flags) names.push_back(written(flag));
  const auto name = word.substr(0, word.find('='));
  return usage(fmt::format("{} has no flag {}", path, name), path, did_you_mean(name, names));
}

Result<void> store_arguments(const Found& found, Words words) {
  std::size_t next = 0;
  for (const auto& argument : found.command->arguments) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.binding);
    if (argument.required && next == words.size()) return usage(argument.name + " is missing", found.path);
    while (next < words.size()) {
      if (words[next].empty() && !argument.is_command) {
        return usage(argument.name + " is empty", found.path, "is a variable of the shell unset?");
      }
      auto stored = store(argument.binding, argument.name, found.path, words[next++]);
      if (!stored) return stored;
      if (!many) break;
    }
  }
  if (next < words.size()) return usage(fmt::format("\"{}\" is one argument too many", words[next]), found.path);
  return {};
}

/// Registers the flags with CLI11 and lets it read the words; returns what is no flag of ours.
Result<std::vector<std::string>> read_flags(std::span<const Flag> flags, Words words, std::string_view path) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::vector<std::string>> values(flags.size());
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const auto& flag = flags[i];
    const auto names = flag.letter == 0 ? written(flag) : fmt::format("-{},{}", flag.letter, written(flag));
    if (auto* const* on = std::get_if<bool*>(&flag.binding)) {
      app.add_flag(names, **on);
    } else {
      app.add_option(names, values[i])->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return usage(error.what(), path);
  }
  for (std::size_t i = 0; i < flags.size(); ++i) {
    const bool is_list = std::holds_alternative<std::vector<std::string>*>(flags[i].binding);
    if (!is_list && values[i].size() > 1) return usage(written(flags[i]) + " is given more than once", path);
    for (const auto& value : values[i]) {
      auto stored = store_flag(flags[i], path, value);
      if (!stored) return std::unexpected(stored.error());
    }
  }
  return app.remaining();
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto part = text.substr(0, comma); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return parts;
}

void finish(Invocation& invocation, std::string_view format, std::string_view colour) {
  if (!format.empty()) invocation.format = output::format_of(format);
  if (colour == "always") invocation.colour = ColourChoice::always;
  if (colour == "never") invocation.colour = ColourChoice::never;
  std::vector<std::string> fields;
  for (const auto& list : invocation.fields) std::ranges::move(split_commas(list), std::back_inserter(fields));
  invocation.fields = std::move(fields);
}

}  // namespace

std::vector<Flag> common_flags(const Command& command, Invocation& into, std::string& format, std::string& colour) {
  std::vector<Flag> flags;
  if (command.prints_objects) {
    flags.push_back({.name = "output",
                     .letter = 'o',
                     .value = "FORMAT",
                     .summary = "how to print data",
                     .binding = &format,
                     .choices = {"table", "json", "jsonl", "yaml", "name"},
                     .default_text = "table, or RUNAGENTS_OUTPUT"});
    flags.push_back({.name = "fields",
                     .value = "A,B",
                     .summary = "print these fields only",
                     .binding = &into.fields,
                     .choices = {},
                     .default_text = {}});
  }
  flags.push_back({.name = "color",
                   .value = "WHEN",
                   .summary = "colours on a terminal",
                   .binding = &colour,
                   .choices = {"auto", "always", "never"},
                   .default_text = "auto"});
  flags.push_back({.name = "context",
                   .value = "NAME",
                   .summary = "the control plane to speak to",
                   .binding = &into.context,
                   .choices = {},
                   .default_text = "RUNAGENTS_CONTEXT, or the current one",
                   .means = Means::context});
  flags.push_back(switch_flag("trace", "show requests to the control plane, without secrets", into.trace));
  flags.push_back({.name = "help",
                   .letter = 'h',
                   .value = {},
                   .summary = "print this text",
                   .binding = &into.help,
                   .choices = {},
                   .default_text = {}});
  return flags;
}

Result<Invocation> parse(const Command& root, Words words) {
  Invocation invocation;
  std::string format;
  std::string colour;
  const Command any{.name = {}, .summary = {}, .description = {}, .prints_objects = true};
  const auto found = find_command(root, words, common_flags(any, invocation, format, colour));
  if (!found) return std::unexpected(found.error());
  invocation.command = found->command;
  invocation.path = found->path;

  auto flags = found->command->flags;
  std::ranges::move(common_flags(*found->command, invocation, format, colour), std::back_inserter(flags));
  const auto& arguments = found->command->arguments;
  const bool takes_command = !arguments.empty() && arguments.back().is_command;
  const Words rest = found->rest;
  const auto own = end_of_own_words(rest, flags, takes_command, takes_command ? arguments.size() - 1 : 0);
  auto remaining = read_flags(flags, rest.first(own), found->path);
  if (!remaining) return std::unexpected(remaining.error());
  const auto stray = std::ranges::find_if(*remaining, looks_like_flag);
  if (stray != remaining->end()) return unknown_flag(*stray, flags, found->path);
  finish(invocation, format, colour);
  if (invocation.help || !found->command->commands.empty()) return invocation;

  const bool separated = own < rest.size() && rest[own] == "--";
  for (const auto& word : rest.subspan(own + (separated ? 1 : 0))) remaining->push_back(word);
  auto stored = store_arguments(*found, *remaining);
  if (!stored) return std::unexpected(stored.error());
  return invocation;
}

bool mentions_json(Words words) noexcept {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    const auto& word = words[i];
    const bool next_is_json = i + 1 < words.size() && (words[i + 1] == "json" || words[i + 1] == "jsonl");
    if ((word == "-o" || word == "--output") && next_is_json) return true;
    if (word.starts_with("-ojson") || word.starts_with("--output=json")) return true;
  }
  return false;
}

}  // namespace runagents::cli
