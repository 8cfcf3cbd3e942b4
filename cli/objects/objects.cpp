#include "cli/objects/objects.hpp"

#include <array>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/api/approval_json.hpp"
#include "core/api/consent_json.hpp"
#include "core/api/run_json.hpp"
#include "core/api/secret_json.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

void add_text(Json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

template <class List>
void add_list(Json& object, const char* name, const List& list) {
  if (!list.empty()) object[name] = list;
}

void add_oauth2(Json& object, const model::Auth& auth) {
  object["grants"] = Json::array();
  for (const auto grant : auth.grants) object["grants"].push_back(word(grant));
  add_text(object, "auth_url", auth.auth_url);
  add_text(object, "token_url", auth.token_url);
  add_text(object, "revocation_url", auth.revocation_url);
  add_text(object, "issuer", auth.issuer);
  add_text(object, "client_id", auth.client_id);
  if (auth.client_secret) object["client_secret"] = auth.client_secret->to_string();
  if (auth.refresh_token) object["refresh_token"] = auth.refresh_token->to_string();
  add_list(object, "scopes", auth.scopes);
  add_text(object, "audience", auth.audience);
  add_text(object, "resource", auth.resource);
}

Json auth_of(const model::Auth& auth) {
  Json object = {{"type", word(auth.type)}};
  if (auth.type == model::AuthType::api_key) {
    object["in"] = auth.place == model::Auth::Place::header ? "header" : "query";
  }
  add_text(object, "name", auth.name);
  add_text(object, "prefix", auth.prefix);
  add_text(object, "username", auth.username);
  if (auth.secret) object["secret"] = auth.secret->to_string();
  if (auth.type == model::AuthType::oauth2) add_oauth2(object, auth);
  return object;
}

Json capability_of(const model::Capability& capability) {
  Json object = {{"name", capability.name}, {"method", capability.method}, {"path", capability.path}};
  add_text(object, "description", capability.description);
  add_list(object, "risk_tags", capability.risk_tags);
  return object;
}

Json limits_of(const model::Limits& limits) {
  Json object = Json::object();
  if (limits.requests_per_minute != 0) object["requests_per_minute"] = limits.requests_per_minute;
  if (limits.burst != 0) object["burst"] = limits.burst;
  if (limits.calls_per_run != 0) object["calls_per_run"] = limits.calls_per_run;
  return object;
}

std::string clock_time(std::uint16_t minutes) { return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60); }

Json condition_of(const model::Condition& condition) {
  constexpr std::array days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  Json object = Json::object();
  if (condition.hours) object["hours"] = clock_time(condition.hours->from) + "-" + clock_time(condition.hours->to);
  for (std::size_t i = 0; i < days.size(); ++i) {
    if ((condition.days >> i & 1U) != 0) object["days"].push_back(days[i]);
  }
  return object;
}

Json scalar_of(const model::Scalar& scalar) {
  return std::visit([](const auto& value) { return Json(value); }, scalar);
}

Json argument_condition_of(const model::ArgumentCondition& condition) {
  using Operator = model::ArgumentCondition::Operator;
  const bool takes_list = condition.op == Operator::in || condition.op == Operator::not_in;
  Json values = Json::array();
  for (const auto& value : condition.values) values.push_back(scalar_of(value));
  return {{"field", condition.field},
          {"op", word(condition.op)},
          {"value", takes_list || values.empty() ? values : values.front()}};
}

Json rule_of(const model::Rule& rule) {
  Json object = {{"permission", word(rule.permission)}};
  add_text(object, "resource", rule.resource);
  add_text(object, "tool", rule.tool);
  add_list(object, "operations", rule.operations);
  add_list(object, "tags", rule.tags);
  add_list(object, "users", rule.users);
  add_list(object, "groups", rule.groups);
  if (rule.when) object["when"] = condition_of(*rule.when);
  for (const auto& condition : rule.arguments) object["arguments"].push_back(argument_condition_of(condition));
  return object;
}

Json approval_rule_of(const model::ApprovalRule& rule) {
  Json object = Json::object();
  add_text(object, "name", rule.name);
  add_list(object, "tools", rule.tools);
  add_list(object, "capabilities", rule.capabilities);
  add_list(object, "operations", rule.operations);
  add_text(object, "resource", rule.resource);
  add_list(object, "tags", rule.tags);
  if (!rule.approver_groups.empty()) object["approvers"] = {{"groups", rule.approver_groups}};
  object["default_duration"] = api::duration_text(rule.default_duration);
  return object;
}

}  // namespace

std::string json_of(const model::Run& run) { return dump(api::to_json(run)); }
std::string json_of(const model::ApprovalRequest& request) { return dump(api::to_json(request)); }
std::string json_of(const model::ApprovalGrant& grant) { return dump(api::to_json(grant)); }
std::string json_of(const model::StoredSecret& secret) { return dump(api::to_json(secret)); }
std::string json_of(const model::Consent& consent) { return dump(api::to_json(consent)); }

std::string json_of(const model::Tool& tool) {
  Json object = {{"name", tool.name},
                 {"kind", word(tool.kind)},
                 {"base_url", tool.base_url.to_string()},
                 {"auth", auth_of(tool.auth)}};
  add_text(object, "description", tool.description);
  object["capabilities"] = Json::array();
  for (const auto& capability : tool.capabilities) object["capabilities"].push_back(capability_of(capability));
  object["risk_tags"] = tool.risk_tags;
  if (auto limits = limits_of(tool.limits); !limits.empty()) object["limits"] = std::move(limits);
  object["network"] = tool.network == model::Network::public_only ? "public" : "private";
  if (tool.kind != model::ToolKind::tcp) object["http_version"] = word(tool.http_version);
  object["insecure"] = tool.insecure;
  return dump(object);
}

std::string json_of(const model::Policy& policy) {
  Json object = {
      {"name", policy.name}, {"subjects", policy.subjects}, {"rules", Json::array()}, {"approvals", Json::array()}};
  for (const auto& rule : policy.rules) object["rules"].push_back(rule_of(rule));
  for (const auto& rule : policy.approvals) object["approvals"].push_back(approval_rule_of(rule));
  return dump(object);
}

}  // namespace runagents::cli
