#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "core/config/project_file.hpp"

namespace runagents::config {
namespace {

using nlohmann::json;

json read_schema() {
  std::ifstream stream{std::string{RUNAGENTS_SOURCE_DIR} + "/core/config/runagents.schema.json"};
  return json::parse(stream);
}

const json& follow(const json& root, const json& schema) {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  return root.at(json::json_pointer{reference->get<std::string>().substr(1)});
}

/// The dotted names of everything that a schema describes below `prefix`, in the form of `known_keys`.
void list_properties(const json& root, const json& schema, const std::string& prefix, std::set<std::string>& names) {
  for (const auto& [key, reference] : schema.value("properties", json::object()).items()) {
    const auto name = prefix + key;
    const auto& property = follow(root, reference);
    names.insert(name);
    list_properties(root, property, name + ".", names);
    if (property.contains("items")) {
      list_properties(root, follow(root, property["items"]), name + "[].", names);
    }
    if (property.contains("additionalProperties") && property["additionalProperties"].is_object()) {
      const auto& named = follow(root, property["additionalProperties"]);
      if (named.value("type", "") == "string") names.insert(name + ".*");
      list_properties(root, named, name + ".*.", names);
    }
  }
}

void check_described(const json& schema, const std::string& where) {
  for (const auto& [key, property] : schema.value("properties", json::object()).items()) {
    CAPTURE(where + key);
    CHECK((property.contains("description") || property.contains("$ref")));
    check_described(property, where + key + ".");
  }
}

TEST_CASE("the JSON Schema describes exactly the keys that the reader knows") {
  const auto schema = read_schema();
  std::set<std::string> described;
  list_properties(schema, schema, "", described);
  const auto keys = known_keys();
  const std::set<std::string> known{keys.begin(), keys.end()};
  CHECK(known.size() == keys.size());
  CHECK(known.contains("tools.*.capabilities[].method"));
  CHECK(known.contains("agent.env.*"));
  for (const auto& key : known) {
    CAPTURE(key);
    CHECK(described.contains(key));
  }
  for (const auto& key : described) {
    CAPTURE(key);
    CHECK(known.contains(key));
  }
}

TEST_CASE("everything in the JSON Schema has a description and closed tables") {
  const auto schema = read_schema();
  check_described(schema, "");
  for (const auto& [name, definition] : schema.at("definitions").items()) {
    CAPTURE(name);
    CHECK(definition.contains("description"));
    if (definition.value("type", "") == "object") CHECK(definition.value("additionalProperties", true) == false);
    check_described(definition, name + ".");
  }
}

}  // namespace
}  // namespace runagents::config
