#include "server/mcp/call_record.hpp"

#include <nlohmann/json.hpp>

namespace runagents::server {
namespace {

using nlohmann::ordered_json;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string_view outcome_word(const CallOutcome& outcome) {
  if (!outcome.decision.allowed) return "refused";
  return outcome.code.empty() && outcome.status > 0 && outcome.status < 400 ? "ok" : "failed";
}

std::string detail_of(const Admission& admission, const CallOutcome& outcome) {
  ordered_json detail{{"server", admission.server.name},
                      {"tool", outcome.tool},
                      {"decision", outcome.decision.allowed ? "allow" : "deny"}};
  const auto add = [&detail](const char* name, std::string_view value) {
    if (!value.empty()) detail[name] = value;
  };
  add("policy_id", outcome.decision.policy_id);
  if (!outcome.decision.allowed) add("side", outcome.decision.side);
  add("credential_source", word(admission.source));
  add("grant_id", admission.grant_id);
  add("grantor_user_id", admission.grantor_user_id);
  add("code", outcome.code);
  detail["status"] = outcome.status;
  detail["duration_ms"] = duration_cast<milliseconds>(steady_clock::now() - outcome.started).count();
  return detail.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

CallRecord call_record(const Admission& admission, std::string_view request_id, const CallOutcome& outcome) {
  CallRecord record{.principal = admission.principal, .request_id = std::string{request_id}, .entry = {}};
  record.entry.at = model::now();
  record.entry.action = "tool.call";
  record.entry.server_id = admission.server.id;
  record.entry.object = outcome.tool;
  record.entry.outcome = outcome_word(outcome);
  record.entry.detail = detail_of(admission, outcome);
  return record;
}

}  // namespace runagents::server
