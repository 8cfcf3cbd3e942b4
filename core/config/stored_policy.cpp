#include "core/config/stored_policy.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/ascii.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/selectors.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::ApprovalRule;
using model::Policy;

enum class GroupMatch { any };
constexpr std::array group_matches = {Word<GroupMatch>{"any", GroupMatch::any}};

constexpr std::array approvers_keys = {
    Key<ApprovalRule>{"groups", Shape::words, [](const Value& v, ApprovalRule& r) { r.approver_groups = v.texts(); },
                      true},
    Key<ApprovalRule>{"match", Shape::text,
                      [](const Value& v, ApprovalRule&) { static_cast<void>(read_word(v, group_matches)); }},
};

/// How approvers hear of a request is the business of whoever delivers it; here it only has to be readable.
struct Delivery {};
constexpr std::array delivery_keys = {
    Key<Delivery>{"connectors", Shape::words, [](const Value&, Delivery&) {}},
    Key<Delivery>{"mode", Shape::text, [](const Value&, Delivery&) {}},
    Key<Delivery>{"fallbackToUI", Shape::boolean, [](const Value&, Delivery&) {}},
};

void read_delivery(const Value& value, ApprovalRule&) {
  Delivery delivery;
  read_table(value, delivery_keys, delivery);
}

void read_resource(const Value& value, ApprovalRule& rule) {
  rule.resource = value.text();
  check_resource(value);
}

constexpr std::array approval_keys = {
    Key<ApprovalRule>{"name", Shape::text, [](const Value& v, ApprovalRule& r) { r.name = v.text(); }},
    Key<ApprovalRule>{"toolIds", Shape::words, [](const Value& v, ApprovalRule& r) { r.tools = v.texts(); }},
    Key<ApprovalRule>{"capabilities", Shape::words,
                      [](const Value& v, ApprovalRule& r) { r.capabilities = v.texts(); }},
    Key<ApprovalRule>{"operations", Shape::words, [](const Value& v, ApprovalRule& r) { r.operations = v.texts(); }},
    Key<ApprovalRule>{"resource", Shape::text, read_resource},
    Key<ApprovalRule>{"tags", Shape::words, [](const Value& v, ApprovalRule& r) { r.tags = v.texts(); }},
    Key<ApprovalRule>{"approvers", Shape::table,
                      [](const Value& v, ApprovalRule& r) { read_table(v, approvers_keys, r); }},
    Key<ApprovalRule>{"defaultDuration", Shape::text, read_approval_duration},
    Key<ApprovalRule>{"delivery", Shape::table, read_delivery},
};

void read_approval(const Value& table, ApprovalRule& rule) { read_table(table, approval_keys, rule); }

constexpr std::array keys = {
    Key<Policy>{"policies", Shape::tables, [](const Value& v, Policy& p) { read_tables(v, p.rules, read_rule); }, true},
    Key<Policy>{"approvals", Shape::tables,
                [](const Value& v, Policy& p) { read_tables(v, p.approvals, read_approval); }},
    Key<Policy>{"subjects", Shape::words, read_subjects},
};

void lower_address(std::string& text) {
  if (text.contains('@')) text = lowered(text);
}

void lower_addresses(Policy& policy) {
  for (auto& subject : policy.subjects) {
    if (subject.starts_with("user:")) lower_address(subject);
  }
  for (auto& rule : policy.rules) std::ranges::for_each(rule.users, lower_address);
}

}  // namespace

std::expected<model::Policy, std::vector<Finding>> read_stored_policy(const Node& spec, const std::string& name) {
  Reading reading{{}};
  Policy policy;
  policy.name = name;
  const Value root{reading, spec, "spec", {}};
  if (root.check(Shape::table)) read_table(root, keys, policy);
  auto findings = std::move(reading).findings();
  if (!findings.empty()) return std::unexpected(std::move(findings));
  lower_addresses(policy);
  return policy;
}

}  // namespace runagents::config
