#include "runner/egress/mcp_answer.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/mcp/answer.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using nlohmann::json;

/// Refusals of an operation, not of the way in which it was asked for.
bool is_about_message(model::RefusalCode code) {
  switch (code) {
    case policy_denied:
    case capability_not_declared:
    case approval_required:
    case approval_rejected:
    case approval_expired:
    case consent_required:
    case credential_unavailable:
      return true;
    default:
      return false;
  }
}

std::string text_of(const Refusal& refusal) {
  auto text = std::string{model::traits(refusal.code).word} + ": " + refusal.message;
  if (!refusal.authorization_url.empty()) text += "; a person gives it at " + refusal.authorization_url;
  if (!refusal.hint.empty()) text += " (" + refusal.hint + ")";
  return text;
}

std::string answer_to(const mcp::Message& message, const Refusal& refusal, const Call& call) {
  const auto why = json::parse(to_json(refusal, call));
  if (message.method != "tools/call") {
    // Outside of what JSON-RPC keeps for itself (2026-07-28, "Error Codes").
    return mcp::write_error(message.id, model::traits(refusal.code).status, refusal.message, why.dump());
  }
  if (refusal.code == capability_not_declared && &message == call.mcp->current()) {
    return mcp::write_error(message.id, mcp::error_code::invalid_params, "Unknown tool: " + message.name, why.dump());
  }
  return mcp::write_result(message.id, mcp::refusal_result(text_of(refusal), why), call.mcp->post().version);
}

}  // namespace

std::optional<McpAnswer> answer_as_mcp(const Refusal& refusal, const Call& call) {
  if (!call.mcp) return std::nullopt;
  if (call.mcp->error) {
    auto error = *call.mcp->error;
    if (error.data.empty()) error.data = json::parse(to_json(refusal, call)).dump();
    return McpAnswer{error.status, mcp::write_error(error)};
  }
  if (!is_about_message(refusal.code) || !call.mcp->post().messages.has_request()) return std::nullopt;
  std::string answers;
  for (const auto& message : call.mcp->messages()) {
    if (message.kind != mcp::MessageKind::request) continue;
    answers.append(answers.empty() ? "" : ",").append(answer_to(message, refusal, call));
  }
  return McpAnswer{200, call.mcp->post().messages.batch ? "[" + answers + "]" : answers};
}

}  // namespace runagents::egress
