#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::config {

/// A place in a file, both from 1; columns count characters.
struct Position {
  std::size_t line = 0;
  std::size_t column = 0;

  auto operator<=>(const Position&) const = default;
};

struct Member;

/// A value of a TOML file and where it stands, or of a JSON document, without a place. Keeps the rest of the reader
/// free of both libraries.
struct Node {
  enum class Type { text, integer, decimal, boolean, moment, list, table };

  Type type = Type::table;
  Position position;
  std::string text;             ///< Type::text
  std::int64_t integer = 0;     ///< Type::integer
  double decimal = 0;           ///< Type::decimal
  bool boolean = false;         ///< Type::boolean
  std::vector<Node> items;      ///< Type::list
  std::vector<Member> members;  ///< Type::table, in the order of the file
};

/// A key of a table, where the key stands, and its value.
struct Member {
  std::string key;
  Position position;
  Node value;
};

/// Why a text is not TOML.
struct SyntaxError {
  Position position;
  std::string message;  ///< quotes no value of the file: it may be a secret
};

/// Parses TOML 1.0. The text is UTF-8; nesting deeper than `max_nesting` is refused.
[[nodiscard]] std::expected<Node, SyntaxError> parse_document(std::string_view toml);

}  // namespace runagents::config
