#include "core/store/dialect.hpp"

#include <algorithm>

namespace runagents::store {
namespace {

bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view type_for_postgresql(std::string_view word) {
  if (word == "TEXT") return R"(TEXT COLLATE "C")";
  if (word == "INTEGER") return "BIGINT";
  return word;
}

}  // namespace

std::string for_postgresql(std::string_view statement) {
  std::string out;
  while (!statement.empty()) {
    const bool is_word = is_of_word(statement.front());
    const auto end = std::ranges::find_if(statement, [&](char c) { return is_of_word(c) != is_word; });
    const auto part = statement.substr(0, static_cast<std::size_t>(end - statement.begin()));
    out += is_word ? type_for_postgresql(part) : part;
    statement.remove_prefix(part.size());
  }
  return out;
}

}  // namespace runagents::store
