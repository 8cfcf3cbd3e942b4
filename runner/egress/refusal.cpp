#include "runner/egress/refusal.hpp"

#include <nlohmann/json.hpp>

#include "runner/egress/call.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {
namespace {

using Json = nlohmann::ordered_json;

Json decision_json(const policy::Decision& decision) {
  Json json{{"permission", word(decision.permission)}};
  if (decision.policy != nullptr) {
    json["policy"] = decision.policy->name;
    json["rule"] = decision.rule;
  }
  return json;
}

bool was_decided(model::RefusalCode code) {
  const auto stage = model::traits(code).stage;
  return stage == "policy" || stage == "capability" || stage == "approval";
}

}  // namespace

std::string to_json(const Refusal& refusal, const Call& call) {
  const auto& traits = model::traits(refusal.code);
  Json json{{"code", traits.word}, {"error", traits.word}, {"message", refusal.message}, {"stage", traits.stage}};
  const bool is_model = call.tool != nullptr && call.tool->kind == model::ToolKind::llm;
  if (call.tool != nullptr && !call.tool->name.empty()) json[is_model ? "provider" : "tool"] = call.tool->name;
  if (is_model) json["model"] = call.operation().method;
  if (call.snapshot != nullptr) {
    json["agent"] = call.snapshot->agent;
    json["run_id"] = call.snapshot->run_id;
  }
  json["request_id"] = call.request_id;
  if (was_decided(refusal.code)) json["decision"] = decision_json(call.decision);
  if (!refusal.approval_id.empty()) {
    // An approval here is of one action; clients of the published API look for either name.
    json["approval_id"] = refusal.approval_id;
    json["action_id"] = refusal.approval_id;
  }
  if (!refusal.resume_id.empty()) json["resume_id"] = refusal.resume_id;
  if (!refusal.authorization_url.empty()) json["authorization_url"] = refusal.authorization_url;
  if (!refusal.expires_at.empty()) json["expires_at"] = refusal.expires_at;
  if (!refusal.hint.empty()) json["hint"] = refusal.hint;
  // What agents send may not be UTF-8; it must still come back as JSON.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string proxy_status(const Refusal& refusal) {
  const auto& traits = model::traits(refusal.code);
  return "runagents; error=" + std::string{traits.proxy_status} + "; details=\"" + std::string{traits.word} + "\"";
}

}  // namespace runagents::egress
