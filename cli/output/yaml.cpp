#include "cli/output/yaml.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

namespace runagents::cli::output {
namespace {

using Json = nlohmann::ordered_json;

bool reads_as_text(const std::string& text) {
  constexpr std::array<std::string_view, 9> words = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0) return false;
  // The library looks for other characters that are not plain; carriage returns it lets pass.
  if (std::ranges::any_of(text, [](unsigned char c) { return std::iscntrl(c) != 0; })) return false;
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(words, lower) == words.end();
}

void emit_text(YAML::Emitter& out, const std::string& text) {
  if (!reads_as_text(text)) out << YAML::DoubleQuoted;
  out << text;
}

void emit_scalar(YAML::Emitter& out, const Json& value) {
  if (value.is_null()) {
    out << YAML::Null;
  } else if (value.is_string()) {
    emit_text(out, value.get<std::string>());
  } else {
    out << value.dump();
  }
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own objects are
void emit(YAML::Emitter& out, const Json& value) {
  const bool empty = (value.is_object() || value.is_array()) && value.empty();
  if (empty) out << YAML::Flow;
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [name, member] : value.items()) {
      out << YAML::Key;
      emit_text(out, name);
      out << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& element : value) emit(out, element);
    out << YAML::EndSeq;
  } else {
    emit_scalar(out, value);
  }
}

}  // namespace

std::string to_yaml(const Json& value, Characters characters) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  if (characters == Characters::ascii) out.SetOutputCharset(YAML::EscapeNonAscii);
  emit(out, value);
  std::string text = std::string{out.c_str()} + "\n";
  // The library writes this one as it is, which is no YAML. It stands in quotes.
  for (std::size_t at = 0; (at = text.find('\x7f', at)) != std::string::npos;) text.replace(at, 1, "\\x7f");
  return text;
}

}  // namespace runagents::cli::output
