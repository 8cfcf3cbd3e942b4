#include <array>
#include <set>

#include "core/config/method.hpp"
#include "core/config/sections.hpp"
#include "core/config/words.hpp"
#include "core/policy/pattern.hpp"

namespace runagents::config {
namespace {

using model::Capability;
using model::Tool;
using model::ToolKind;

void read_capability_name(const Value& value, Capability& capability) {
  capability.name = value.text();
  if (!is_capability_name(value.text())) {
    value.report(R"(is not the name of a capability: letters, digits and "._/:-", at most 128)");
  }
}

void read_method(const Value& value, Capability& capability) {
  capability.method = value.text();
  if (value.text() != "*" && !is_method(value.text())) {
    value.report(R"(must be an HTTP method in upper case, or "*" for any)", suggest_method(value.text()));
  }
}

void read_path(const Value& value, Capability& capability) {
  capability.path = value.text();
  const auto pattern = policy::parse_path_pattern(value.text());
  if (!pattern) value.report(pattern.error().message, pattern.error().hint);
}

constexpr std::array keys = {
    Key<Capability>{"name", Shape::text, read_capability_name, true},
    Key<Capability>{"method", Shape::text, read_method},
    Key<Capability>{"path", Shape::text, read_path},
    Key<Capability>{"description", Shape::prose, [](const Value& v, Capability& c) { c.description = v.text(); }},
    Key<Capability>{"risk_tags", Shape::words, [](const Value& v, Capability& c) { c.risk_tags = v.texts(); }},
};

/// A capability of an HTTP tool is a method and a path, one of an MCP tool is a name.
void check_capability(const Value& table, const Tool& tool) {
  for (const std::string_view name : {"method", "path"}) {
    const auto member = table.member(name);
    if (tool.kind == ToolKind::http && !member) table.report_missing(name);
    if (tool.kind == ToolKind::mcp && member) member->report_at_key(R"(means nothing for kind "mcp")");
  }
  const auto path = table.member("path");
  if (path && path->text().contains("%2F") && !tool.allow_encoded_slash) {
    path->report("holds an encoded slash, which this tool refuses", "set allow_encoded_slash = true");
  }
}

}  // namespace

void read_capability(const Value& table, Capability& capability) { read_table(table, keys, capability); }

void check_capabilities(const Value& table, const Tool& tool) {
  const auto list = table.member("capabilities");
  if (!list || list->node().type != Node::Type::list) return;
  std::set<std::string> names;
  for (const auto& item : list->items()) {
    if (item.node().type != Node::Type::table) continue;
    check_capability(item, tool);
    const auto name = item.member("name");
    if (name && !name->text().empty() && !names.insert(name->text()).second) {
      name->report("is the name of two capabilities");
    }
  }
}

void list_capability_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
