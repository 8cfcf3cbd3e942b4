#include <array>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::Project;

void read_trust_domain(const Value& value, Project& project) {
  project.trust_domain = value.text();
  if (!is_trust_domain(value.text())) {
    value.report(R"(is not a trust domain: lower-case letters, digits, "-", "_" and ".", at most 255)");
  }
}

void read_tools(const Value& value, Project& project) {
  read_named_tables(value, project.tools, read_tool);
  value.reading().later([value](const Project& all) { check_tools(value, all); });
}

void read_models(const Value& value, Project& project) {
  for (const auto& member : value.members()) {
    check_name(member);
    model::Model model;
    model.role = member.name();
    if (member.check(Shape::table)) read_model(member, model);
    project.models.push_back(std::move(model));
  }
  value.reading().later([value](const Project& all) { check_roles(value, all); });
}

void read_policies(const Value& value, Project& project) { read_named_tables(value, project.policies, read_policy); }

void read_providers(const Value& value, Project& project) {
  read_named_tables(value, project.providers, read_provider);
  value.reading().later([value](const Project& all) { check_providers(value, all); });
}

void read_identity_providers(const Value& value, Project& project) {
  read_named_tables(value, project.identity_providers, read_identity_provider);
  value.reading().later([value](const Project& all) { check_identity_providers(value, all); });
}

constexpr std::array audit_keys = {
    Key<model::Audit>{"fsync", Shape::boolean, [](const Value& v, model::Audit& audit) { audit.fsync = v.boolean(); }},
};

void read_audit(const Value& value, Project& project) { read_table(value, audit_keys, project.audit); }

void list_audit_keys(const std::string& prefix, Names& names) { list_keys(prefix, audit_keys, names); }

constexpr std::array keys = {
    Key<Project>{"trust_domain", Shape::text, read_trust_domain},
    Key<Project>{"agent", Shape::table, [](const Value& v, Project& p) { read_agent(v, p.agent); }, true,
                 list_agent_keys},
    Key<Project>{"audit", Shape::table, read_audit, false, list_audit_keys},
    Key<Project>{"ingress", Shape::table, read_ingress, false, list_ingress_keys},
    Key<Project>{"tools", Shape::named_tables, read_tools, false, list_tool_keys},
    Key<Project>{"policies", Shape::named_tables, read_policies, false, list_policy_keys},
    Key<Project>{"models", Shape::named_tables, read_models, false, list_model_keys},
    Key<Project>{"providers", Shape::named_tables, read_providers, false, list_provider_keys},
    Key<Project>{"identity_providers", Shape::named_tables, read_identity_providers, false,
                 list_identity_provider_keys},
};

}  // namespace

void read_root(const Value& table, Project& project) { read_table(table, keys, project); }

void list_root_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
