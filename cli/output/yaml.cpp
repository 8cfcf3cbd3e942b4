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
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(words, lower) == words.end();
}

void emit_scalar(YAML::Emitter& out, const Json& value) {
  if (value.is_null()) {
    out << YAML::Null;
    return;
  }
  if (!value.is_string()) {
    out << value.dump();
    return;
  }
  const auto text = value.get<std::string>();
  if (!reads_as_text(text)) out << YAML::DoubleQuoted;
  out << text;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as our own objects are
void emit(YAML::Emitter& out, const Json& value) {
  const bool empty = (value.is_object() || value.is_array()) && value.empty();
  if (empty) out << YAML::Flow;
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [name, member] : value.items()) {
      out << YAML::Key << name << YAML::Value;
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

std::string to_yaml(const Json& value) {
  YAML::Emitter out;
  out.SetNullFormat(YAML::LowerNull);
  emit(out, value);
  return std::string{out.c_str()} + "\n";
}

}  // namespace runagents::cli::output
