#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <limits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "man/mdoc.hpp"
#include "man/pages.hpp"

namespace runagents::man {
namespace {

using Json = nlohmann::ordered_json;

/// From there on a limit is that of the type.
constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

/// A table of the file. Its path as it is written there: "tools.NAME.auth".
struct Table {
  std::string path;
  bool is_repeated = false;  ///< "[[...]]"
  Json schema;
  std::string description;
};

/// Tables, each followed by those inside of it.
class Tables {
 public:
  explicit Tables(const Json& root) : root_{root} {}

  std::string page();

 private:
  [[nodiscard]] Json resolved(const Json& schema) const;
  [[nodiscard]] std::string type_of(const Json& schema) const;
  [[nodiscard]] std::string item(const std::string& name, const Json& schema, const Table& table) const;
  [[nodiscard]] std::vector<Table> inside(const std::string& name, const Json& schema, const Table& table) const;
  void add(const Table& table);

  const Json& root_;
  std::string text_;
};

/// What a reference leads to, with the members that stand beside it.
Json Tables::resolved(const Json& schema) const {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  auto found = resolved(root_.at(Json::json_pointer{reference->get<std::string>().substr(1)}));
  for (const auto& [name, value] : schema.items()) {
    if (name != "$ref") found[name] = value;
  }
  return found;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  return fmt::format("{}", fmt::join(words, between));
}

std::string Tables::type_of(const Json& given) const {
  const auto schema = resolved(given);
  std::vector<std::string> all;
  if (schema.contains("anyOf")) {
    for (const auto& one : schema["anyOf"]) all.push_back(type_of(one));
    return joined(all, ", or ");
  }
  const auto& type = schema.at("type");
  if (type.is_array()) return joined(type.get<std::vector<std::string>>(), " or ");
  if (type == "array") return "list of " + type_of(schema.at("items")) + "s";
  return type == "object" ? "table" : type.get<std::string>();
}

std::string values(const Json& array) {
  std::vector<std::string> words;
  for (const auto& one : array) words.push_back(one.is_string() ? one.get<std::string>() : one.dump());
  return joined(words, ", ");
}

bool is_required(const std::string& name, const Json& table) {
  const auto required = table.find("required");
  return required != table.end() && std::ranges::find(*required, Json(name)) != required->end();
}

std::string Tables::item(const std::string& name, const Json& given, const Table& table) const {
  const auto schema = resolved(given);
  auto facts = type_of(schema);
  if (is_required(name, table.schema)) facts += ", required";
  if (schema.contains("default")) facts += ", default: " + values(Json::array({schema["default"]}));
  auto meaning = schema.at("description").get<std::string>();
  const auto allowed = schema.contains("items") ? resolved(schema["items"]) : schema;
  if (allowed.contains("enum")) meaning += " One of: " + values(allowed["enum"]) + ".";
  if (schema.contains("minimum") && schema.contains("maximum") && schema["maximum"] < unlimited) {
    meaning += fmt::format(" From {} to {}.", schema["minimum"].dump(), schema["maximum"].dump());
  }
  if (schema.contains("examples")) meaning += " For example: " + values(schema["examples"]) + ".";
  return fmt::format(".It Ic {} Pq {}\n{}\n", word(name), word(facts), prose(meaning));
}

std::vector<Table> Tables::inside(const std::string& name, const Json& given, const Table& table) const {
  const auto schema = resolved(given);
  const auto path = table.path.empty() ? name : table.path + "." + name;
  const auto description = schema.value("description", "");
  if (schema.contains("properties")) return {{path, false, schema, description}};
  if (schema.contains("items")) {
    const auto items = resolved(schema["items"]);
    if (items.contains("properties")) return {{path, true, items, description}};
  }
  if (schema.contains("additionalProperties") && schema["additionalProperties"].is_object()) {
    const auto named = resolved(schema["additionalProperties"]);
    if (named.contains("properties")) return {{path + ".NAME", false, named, description}};
  }
  return {};
}

void Tables::add(const Table& table) {
  const std::string_view brackets = table.is_repeated ? "[[]]" : "[]";
  const auto half = brackets.size() / 2;
  text_ += table.path.empty()
               ? ".Ss Outside of tables\n"
               : fmt::format(".Ss {}\n",
                             word(fmt::format("{}{}{}", brackets.substr(0, half), table.path, brackets.substr(half))));
  const auto own = table.schema.value("description", "");
  if (!table.description.empty() && own != table.description) text_ += prose(table.description) + "\n";
  text_ += prose(own) + "\n.Bl -tag -width Ds\n";
  std::vector<Table> tables;
  for (const auto& [name, schema] : table.schema["properties"].items()) {
    text_ += item(name, schema, table);
    std::ranges::move(inside(name, schema, table), std::back_inserter(tables));
  }
  text_ += ".El\n";
  for (const auto& one : tables) add(one);
}

std::string Tables::page() {
  add({.path = {}, .is_repeated = false, .schema = root_, .description = {}});
  text_.pop_back();
  return std::move(text_);
}

}  // namespace

Result<Parts> parts_of_configuration(std::string_view schema) {
  try {
    const auto root = Json::parse(schema);
    return Parts{{"TABLES", Tables{root}.page()}};
  } catch (const nlohmann::json::exception& error) {
    return fail(ErrorCode::usage, fmt::format("the schema cannot be read: {}", error.what()));
  }
}

}  // namespace runagents::man
