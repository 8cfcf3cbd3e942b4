#include <algorithm>
#include <array>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/selectors.hpp"
#include "core/policy/subject.hpp"

namespace runagents::config {
namespace {

using model::Permission;
using model::Policy;
using model::Rule;

constexpr std::array permissions = {Word<Permission>{"allow", Permission::allow},
                                    Word<Permission>{"deny", Permission::deny},
                                    Word<Permission>{"approval_required", Permission::approval_required}};

void read_permission(const Value& value, Rule& rule) {
  if (const auto permission = read_word(value, permissions)) rule.permission = *permission;
}

void read_resource(const Value& value, Rule& rule) {
  rule.resource = value.text();
  check_resource(value);
}

void read_tool_name(const Value& value, Rule& rule) {
  rule.tool = value.text();
  check_tool_name(value);
}

void read_tags(const Value& value, Rule& rule) {
  rule.tags = value.texts();
  check_tags(value);
}

constexpr std::array rule_keys = {
    Key<Rule>{"permission", Shape::text, read_permission, true},
    Key<Rule>{"resource", Shape::text, read_resource},
    Key<Rule>{"tool", Shape::text, read_tool_name},
    Key<Rule>{"operations", Shape::words, [](const Value& v, Rule& rule) { rule.operations = v.texts(); }},
    Key<Rule>{"tags", Shape::words, read_tags},
    Key<Rule>{"users", Shape::words, [](const Value& v, Rule& rule) { rule.users = v.texts(); }},
    Key<Rule>{"groups", Shape::words, [](const Value& v, Rule& rule) { rule.groups = v.texts(); }},
    Key<Rule>{"when", Shape::table, [](const Value& v, Rule& rule) { read_condition(v, rule.when.emplace()); }, false,
              list_condition_keys},
    Key<Rule>{"arguments", Shape::tables,
              [](const Value& v, Rule& rule) { read_tables(v, rule.arguments, read_argument_condition); }, false,
              list_argument_condition_keys},
};

void list_rule_keys(const std::string& prefix, Names& names) { list_keys(prefix, rule_keys, names); }

/// A project file knows one agent; a policy that is bound to another would never apply.
void check_bound(const Value& value, const policy::Subject& subject, const model::Agent& agent) {
  if (subject.kind == policy::SubjectKind::agent && subject.text != agent.name && !agent.name.empty()) {
    value.report("is another agent than the one of this file", "write \"agent:" + agent.name + "\"");
  }
  if (subject.kind != policy::SubjectKind::account || subject.text == agent.account) return;
  value.report("is not the account of this file's agent", agent.account.empty()
                                                              ? R"(name it with "account" in [agent])"
                                                              : "write \"account:" + agent.account + "\"");
}

void read_project_subjects(const Value& value, Policy& policy) {
  read_subjects(value, policy);
  value.reading().later([value](const model::Project& project) {
    for (const auto& item : value.items()) {
      if (const auto subject = policy::parse_subject(item.text())) check_bound(item, *subject, project.agent);
    }
  });
}

constexpr std::array keys = {
    Key<Policy>{"rules", Shape::tables, [](const Value& v, Policy& p) { read_tables(v, p.rules, read_rule); }, true,
                list_rule_keys},
    Key<Policy>{"approvals", Shape::tables,
                [](const Value& v, Policy& p) { read_tables(v, p.approvals, read_approval_rule); }, false,
                list_approval_rule_keys},
    Key<Policy>{"subjects", Shape::words, read_project_subjects},
};

}  // namespace

void read_rule(const Value& table, Rule& rule) {
  read_table(table, rule_keys, rule);
  const auto operations = table.member("operations");
  const auto arguments = table.member("arguments");
  if (operations && !rule.operations.empty()) check_operations(*operations, table.member("tool"));
  if (arguments && !rule.arguments.empty()) check_arguments(*arguments, table.member("tool"));
}

void read_subjects(const Value& value, Policy& policy) {
  policy.subjects = value.texts();
  for (const auto& item : value.items()) {
    if (const auto subject = policy::parse_subject(item.text()); !subject) {
      item.report(subject.error().message, subject.error().hint);
    }
  }
}

void read_policy(const Value& table, Policy& policy) { read_table(table, keys, policy); }

void list_policy_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
