#include "cli/policies/toml_text.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

#include "core/utf8.hpp"

namespace runagents::cli {
namespace {

using config::Node;
using Type = Node::Type;

/// The code point at the front of sound UTF-8, which is taken away.
char32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = size == 1 ? lead : lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  text.remove_prefix(size);
  return point;
}

std::string escaped(char32_t point) {
  if (point == U'"' || point == U'\\') return {'\\', static_cast<char>(point)};
  if (point >= 0x20 && point < 0x7f) return {static_cast<char>(point)};
  return point > 0xffff ? fmt::format("\\U{:08X}", static_cast<std::uint32_t>(point))
                        : fmt::format("\\u{:04X}", static_cast<std::uint32_t>(point));
}

std::string inline_table(const Node& table) {
  std::string text = "{";
  for (const auto& member : table.members) {
    text += (text.size() == 1 ? " " : ", ") + toml_key(member.key) + " = " + toml_value(member.value);
  }
  return text + " }";
}

bool holds_tables(const Node& list) {
  return std::ranges::any_of(list.items, [](const Node& item) { return item.type == Type::table; });
}

std::string list_text(const Node& list) {
  const bool is_long = holds_tables(list);
  std::string text = "[";
  for (const auto& item : list.items) {
    if (is_long) {
      text += "\n  " + toml_value(item) + ",";
    } else {
      text += (text.size() == 1 ? "" : ", ") + toml_value(item);
    }
  }
  return text + (is_long ? "\n]" : "]");
}

std::string decimal_text(double number) {
  auto text = fmt::format("{}", number);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string result{'"'};
  if (!is_utf8(text)) {
    for (const char c : text) result += escaped(static_cast<unsigned char>(c) < 0x80 ? static_cast<char32_t>(c) : U'?');
  } else {
    while (!text.empty()) result += escaped(take_code_point(text));
  }
  return result + "\"";
}

std::string toml_key(std::string_view key) {
  const auto is_bare = [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-'); };
  return !key.empty() && std::ranges::all_of(key, is_bare) ? std::string{key} : toml_string(key);
}

std::string toml_value(const Node& node) {
  switch (node.type) {
    case Type::text:
      return toml_string(node.text);
    case Type::integer:
      return std::to_string(node.integer);
    case Type::decimal:
      return decimal_text(node.decimal);
    case Type::boolean:
      return node.boolean ? "true" : "false";
    case Type::list:
      return list_text(node);
    case Type::table:
      return inline_table(node);
    case Type::moment:
      break;
  }
  return "\"\"";  // no member of a project file is one
}

std::string toml_members(const Node& table, const std::string& path) {
  std::string text;
  for (const auto& member : table.members) {
    if (member.value.type != Type::table) text += toml_key(member.key) + " = " + toml_value(member.value) + "\n";
  }
  for (const auto& member : table.members) {
    if (member.value.type != Type::table) continue;
    const auto inner = path.empty() ? toml_key(member.key) : path + "." + toml_key(member.key);
    const auto lines = toml_members(member.value, inner);
    // A table of nothing but tables needs no line of its own.
    const bool is_said = !lines.starts_with("\n[") || member.value.members.empty();
    text += (is_said ? "\n[" + inner + "]\n" : "") + lines;
  }
  return text;
}

}  // namespace runagents::cli
