#include "core/config/document.hpp"

#include <algorithm>
#include <optional>

#include "core/config/nesting.hpp"

// Compiled in rather than linked: no shared object to load at start-up, and sanitizers and fuzzers see into the parser.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace runagents::config {
namespace {

Position position_of(const toml::source_position& position) { return Position{position.line, position.column}; }

Node convert(const toml::node& node);

Node convert_table(const toml::table& table) {
  Node result;
  result.type = Node::Type::table;
  result.members.reserve(table.size());
  for (const auto& [key, value] : table) {
    result.members.push_back({std::string{key.str()}, position_of(key.source().begin), convert(value)});
  }
  std::ranges::sort(result.members, {}, &Member::position);
  return result;
}

Node convert_list(const toml::array& list) {
  Node result;
  result.type = Node::Type::list;
  result.items.reserve(list.size());
  for (const auto& item : list) result.items.push_back(convert(item));
  return result;
}

Node convert_value(const toml::node& node) {
  Node result;
  if (const auto* table = node.as_table()) {
    result = convert_table(*table);
  } else if (const auto* list = node.as_array()) {
    result = convert_list(*list);
  } else if (const auto* text = node.as_string()) {
    result.type = Node::Type::text;
    result.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.type = Node::Type::integer;
    result.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.type = Node::Type::boolean;
    result.boolean = boolean->get();
  } else {
    result.type = node.is_floating_point() ? Node::Type::decimal : Node::Type::moment;
  }
  return result;
}

Node convert(const toml::node& node) {
  Node result = convert_value(node);
  result.position = position_of(node.source().begin);
  return result;
}

/// The library quotes what it saw: one character, which helps, or a whole unquoted value, which may be a secret.
std::string without_values(std::string_view description) {
  std::string result;
  while (!description.empty()) {
    const auto open = description.find('\'');
    const auto close = open == std::string_view::npos ? open : description.find('\'', open + 1);
    if (close == std::string_view::npos) return result.append(description);
    const auto quoted = description.substr(open, close - open + 1);
    result.append(description.substr(0, open));
    result.append(quoted.size() <= 3 ? quoted : std::string_view{"something else"});
    description.remove_prefix(close + 1);
  }
  return result;
}

/// "cannot redefine existing string 'name'": the only message whose quoted word is a key.
std::optional<std::string> redefined_key(std::string_view description) {
  const auto start = description.find("cannot redefine existing");
  const auto open = start == std::string_view::npos ? start : description.find('\'', start);
  const auto close = description.rfind('\'');
  if (open == std::string_view::npos || close <= open) return std::nullopt;
  return std::string{description.substr(open + 1, close - open - 1)};
}

std::string_view line_at(std::string_view text, std::size_t line) {
  for (std::size_t i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

/// A key that is defined again is reported at its value; the key's own place is what a person looks for.
Position start_of_key(std::string_view toml, Position position) {
  const auto line = line_at(toml, position.line);
  std::size_t at = position.column - 1;
  if (at >= line.size()) return position;
  const auto is_before = [&](std::string_view characters) { return at > 0 && characters.contains(line[at - 1]); };
  while (is_before(" \t")) --at;
  if (!is_before("=")) return position;
  --at;
  while (is_before(" \t")) --at;
  while (at > 0 && !is_before(" \t,{")) --at;
  return {position.line, at + 1};
}

SyntaxError syntax_error(std::string_view toml, const toml::parse_error& error) {
  const auto position = position_of(error.source().begin);
  if (const auto key = redefined_key(error.description())) {
    return {start_of_key(toml, position), "\"" + *key + "\" is defined a second time"};
  }
  return {position, "not TOML: " + without_values(error.description())};
}

}  // namespace

std::expected<Node, SyntaxError> parse_document(std::string_view toml) {
  if (const auto deep = find_excessive_nesting(toml)) {
    return std::unexpected(SyntaxError{*deep, "nests deeper than " + std::to_string(max_nesting) + " levels"});
  }
  const auto result = toml::parse(toml);
  if (!result) return std::unexpected(syntax_error(toml, result.error()));
  return convert(result.table());
}

}  // namespace runagents::config
