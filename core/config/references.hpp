#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/section.hpp"
#include "core/config/suggestion.hpp"

namespace runagents::config {

/// Reports a name that is none (see `is_name`). Reports at the key: names are keys of tables.
void check_name(const Value& value);

/// Reports a text that is none of the declared names. `what` is the thing that is named: "tool".
void check_reference(const Value& value, std::string_view what, std::span<const std::string_view> declared);

/// The absolute path of a file that can be read now; relative ones start at the project's directory. Reports one that
/// cannot, and returns nothing then.
[[nodiscard]] std::string read_file_path(const Value& value);

/// Sets `duration`, or reports a text that is none.
void read_duration(const Value& value, std::chrono::milliseconds& duration);

/// The names of declared things.
template <class Things>
[[nodiscard]] std::vector<std::string_view> names_of(const Things& things) {
  std::vector<std::string_view> result;
  result.reserve(things.size());
  for (const auto& thing : things) result.push_back(thing.name);
  return result;
}

/// A word of the format and what it stands for.
template <class Meaning>
struct Word {
  std::string_view word;
  Meaning meaning;
};

/// Reports a word that is not one of these, without repeating it.
void report_no_word(const Value& value, std::span<const std::string_view> words);

/// What a word stands for; reports one that is not in the table.
template <class Meaning, std::size_t count>
[[nodiscard]] std::optional<Meaning> read_word(const Value& value, const std::array<Word<Meaning>, count>& table) {
  const auto* found = std::ranges::find(table, value.text(), &Word<Meaning>::word);
  if (found != table.end()) return found->meaning;
  std::vector<std::string_view> words;
  words.reserve(count);
  for (const auto& one : table) words.push_back(one.word);
  report_no_word(value, words);
  return std::nullopt;
}

/// Reads a table of tables under names that the user chooses. A thing that cannot be read is kept by its name, so that
/// what refers to it is not reported too.
template <class Thing, class Read>
void read_named_tables(const Value& table, std::vector<Thing>& things, Read read) {
  for (const auto& member : table.members()) {
    check_name(member);
    Thing thing;
    thing.name = member.name();
    if (member.check(Shape::table)) read(member, thing);
    things.push_back(std::move(thing));
  }
}

/// Reads a list of tables.
template <class Thing, class Read>
void read_tables(const Value& list, std::vector<Thing>& things, Read read) {
  for (const auto& item : list.items()) {
    if (!item.check(Shape::table)) continue;
    Thing thing;
    read(item, thing);
    things.push_back(std::move(thing));
  }
}

}  // namespace runagents::config
