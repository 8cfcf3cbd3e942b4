#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/document.hpp"
#include "core/config/reading.hpp"

namespace runagents::config {

/// What a value has to look like before its reader sees it.
enum class Shape {
  text,          ///< a string without control characters, not empty
  prose,         ///< any string without NUL
  integer,       ///< 1 to 4,294,967,295
  number,        ///< an integer or a decimal, from 0 to 1,000,000
  boolean,       ///<
  words,         ///< a list of different texts, not empty
  arguments,     ///< a list of prose, not empty
  table,         ///<
  tables,        ///< a list of tables, not empty
  named_tables,  ///< a table of tables under names that the user chooses
  named_texts,   ///< a table of prose under names that the user chooses
  scalars,       ///< a string, a number or a boolean, or a list of these
};

/// A value of the file under its dotted name. A view: the document and the reading outlive it.
class Value {
 public:
  Value(Reading& reading, const Node& node, std::string key, Position key_position)
      : reading_{&reading}, node_{&node}, key_{std::move(key)}, key_position_{key_position} {}

  [[nodiscard]] Reading& reading() const noexcept { return *reading_; }
  [[nodiscard]] const Node& node() const noexcept { return *node_; }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] const std::string& text() const noexcept { return node_->text; }
  [[nodiscard]] bool boolean() const noexcept { return node_->boolean; }
  /// Only after Shape::integer.
  [[nodiscard]] std::uint32_t integer() const noexcept { return static_cast<std::uint32_t>(node_->integer); }
  /// Only after Shape::number.
  [[nodiscard]] double number() const noexcept {
    return node_->type == Node::Type::integer ? static_cast<double>(node_->integer) : node_->decimal;
  }
  /// The texts of a list.
  [[nodiscard]] std::vector<std::string> texts() const;

  /// The items of a list, named "key[1]" and so on.
  [[nodiscard]] std::vector<Value> items() const;
  /// The members of a table.
  [[nodiscard]] std::vector<Value> members() const;
  [[nodiscard]] std::optional<Value> member(std::string_view name) const;
  /// The last part of the key: of a member, its name in the table.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }

  /// Reports where the value stands; a table's place is its name's.
  void report(std::string_view message, std::string_view suggestion = {}) const;
  void report_at_key(std::string_view message, std::string_view suggestion = {}) const;
  /// Reports that a table lacks a key.
  void report_missing(std::string_view name) const;
  void report_unknown(std::span<const std::string_view> known) const;

  /// Reports and returns false when the value does not have this shape.
  [[nodiscard]] bool check(Shape shape) const;

 private:
  [[nodiscard]] Value child(const Member& member) const;

  Reading* reading_;
  const Node* node_;
  std::string key_;
  std::string_view name_;
  Position key_position_;
};

using Names = std::vector<std::string>;

/// One key of a section: its name, what its value looks like, and what reading it does to the target. A section is a
/// table of these, and everything that is known about its keys comes from that table.
template <class Target>
struct Key {
  std::string_view name;
  Shape shape;
  void (*read)(const Value& value, Target& target);
  bool required = false;
  void (*list)(const std::string& prefix, Names& names) = nullptr;  ///< adds the keys of the tables below
};

/// Reads a table by a section's keys. What is wrong is reported and left out of the target.
template <class Target, std::size_t count>
void read_table(const Value& table, const std::array<Key<Target>, count>& keys, Target& target) {
  for (const auto& member : table.members()) {
    const auto* key = std::ranges::find(keys, member.name(), &Key<Target>::name);
    if (key == keys.end()) {
      std::vector<std::string_view> known;
      known.reserve(count);
      for (const auto& one : keys) known.push_back(one.name);
      member.report_unknown(known);
    } else if (member.check(key->shape)) {
      key->read(member, target);
    }
  }
  for (const auto& key : keys) {
    if (key.required && !table.member(key.name)) table.report_missing(key.name);
  }
}

/// What stands between a key of this shape and the keys below it.
[[nodiscard]] std::string_view separator(Shape shape) noexcept;

/// Lists the dotted names of a section's keys.
template <class Target, std::size_t count>
void list_keys(const std::string& prefix, const std::array<Key<Target>, count>& keys, Names& names) {
  for (const auto& key : keys) {
    const auto name = prefix + std::string{key.name};
    names.push_back(name);
    if (key.list != nullptr) key.list(name + std::string{separator(key.shape)}, names);
    if (key.shape == Shape::named_texts) names.push_back(name + ".*");
  }
}

}  // namespace runagents::config
