#include <algorithm>
#include <array>

#include "core/config/membership.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/selectors.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::ApprovalRule;

constexpr std::array approvers_keys = {
    Key<ApprovalRule>{"groups", Shape::words, [](const Value& v, ApprovalRule& r) { r.approver_groups = v.texts(); },
                      true},
};

void list_approvers_keys(const std::string& prefix, Names& names) { list_keys(prefix, approvers_keys, names); }

void read_tools(const Value& value, ApprovalRule& rule) {
  rule.tools = value.texts();
  check_tool_names(value);
}

/// The capabilities of the selected tools, or of all.
std::vector<std::string_view> capabilities_of(const model::Project& project, const std::vector<std::string>& tools) {
  std::vector<std::string_view> result;
  for (const auto& tool : project.tools) {
    if (!tools.empty() && !is_among(tool.name, tools)) continue;
    std::ranges::copy(names_of(tool.capabilities), std::back_inserter(result));
  }
  return result;
}

void check_capability_names(const Value& list, std::vector<std::string> tools) {
  list.reading().later([list, tools = std::move(tools)](const model::Project& project) {
    const auto declared = capabilities_of(project, tools);
    for (const auto& item : list.items()) check_reference(item, "capability", declared);
  });
}

void read_resource(const Value& value, ApprovalRule& rule) {
  rule.resource = value.text();
  check_resource(value);
}

void read_tags(const Value& value, ApprovalRule& rule) {
  rule.tags = value.texts();
  check_tags(value);
}

constexpr std::array keys = {
    Key<ApprovalRule>{"name", Shape::text, [](const Value& v, ApprovalRule& r) { r.name = v.text(); }},
    Key<ApprovalRule>{"tools", Shape::words, read_tools},
    Key<ApprovalRule>{"capabilities", Shape::words,
                      [](const Value& v, ApprovalRule& r) { r.capabilities = v.texts(); }},
    Key<ApprovalRule>{"operations", Shape::words, [](const Value& v, ApprovalRule& r) { r.operations = v.texts(); }},
    Key<ApprovalRule>{"resource", Shape::text, read_resource},
    Key<ApprovalRule>{"tags", Shape::words, read_tags},
    Key<ApprovalRule>{"approvers", Shape::table,
                      [](const Value& v, ApprovalRule& r) { read_table(v, approvers_keys, r); }, false,
                      list_approvers_keys},
    Key<ApprovalRule>{"default_duration", Shape::text, read_approval_duration},
};

}  // namespace

void read_approval_rule(const Value& table, ApprovalRule& rule) {
  read_table(table, keys, rule);
  const auto operations = table.member("operations");
  const auto capabilities = table.member("capabilities");
  if (operations && !rule.operations.empty()) check_operations(*operations, table.member("tools"));
  if (capabilities && !rule.capabilities.empty()) check_capability_names(*capabilities, rule.tools);
}

void read_approval_duration(const Value& value, ApprovalRule& rule) {
  const auto duration = parse_duration(value.text());
  if (!duration || *duration % std::chrono::seconds{1} != std::chrono::milliseconds{0}) {
    return value.report("is not a duration in whole seconds", R"(write it like "30m", "4h" or "1d")");
  }
  rule.default_duration = std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

void list_approval_rule_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
