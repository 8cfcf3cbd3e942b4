#include "core/api/approval_json.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<char, std::int64_t>, 4> units = {std::pair{'d', 86400}, std::pair{'h', 3600},
                                                                std::pair{'m', 60}, std::pair{'s', 1}};
constexpr std::int64_t longest = std::int64_t{10} * 365 * 86400;

Json time_or_null(const std::optional<model::Time>& time) { return time ? Json(model::to_iso8601(*time)) : Json{}; }

void read_action(Members& members, model::Action& action) {
  members.text("agent_id", action.agent)
      .text("tool_id", action.tool)
      .text("capability", action.capability)
      .text("tool_method", action.method)
      .text("tool_url", action.url)
      .text("end_user", action.end_user)
      .text("payload_hash", action.body_sha256);
}

std::optional<model::Scope> scope_word(std::string_view text) { return model::scope_of(text); }

}  // namespace

std::optional<std::chrono::seconds> duration_of(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  // Seconds need no unit where they stand alone; after hours they would look like minutes.
  const bool may_be_bare = text.find_first_not_of("0123456789") == std::string_view::npos;
  while (!text.empty()) {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || value < 0 || value > longest) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    std::int64_t unit = text.empty() && may_be_bare ? 1 : 0;
    for (const auto& [letter, seconds] : units) {
      if (text.starts_with(letter)) unit = seconds;
    }
    if (unit == 0) return std::nullopt;
    if (!text.empty()) text.remove_prefix(1);
    total += value * unit;
    if (total > longest) return std::nullopt;
  }
  return total == 0 ? std::nullopt : std::optional{std::chrono::seconds{total}};
}

std::string duration_text(std::chrono::seconds duration) {
  std::string out;
  std::int64_t rest = duration.count();
  for (const auto& [letter, seconds] : units) {
    if (rest < seconds) continue;
    out += std::to_string(rest / seconds) + letter;
    rest %= seconds;
  }
  return out.empty() ? "0s" : out;
}

Json to_json(const model::Action& action) {
  return {
      {"agent_id", action.agent},     {"tool_id", action.tool}, {"capability", action.capability},
      {"tool_method", action.method}, {"tool_url", action.url}, {"payload_hash", action.body_sha256},
      {"end_user", action.end_user},
  };
}

Json to_json(const model::ApprovalRequest& request) {
  // A decision is final: nothing changes after it.
  const bool is_decided =
      request.status == model::ApprovalStatus::approved || request.status == model::ApprovalStatus::rejected;
  Json json = {
      {"id", request.id},
      {"status", word(request.status)},
      {"subject", request.action.end_user.empty() ? request.action.agent : request.action.end_user},
  };
  json.update(to_json(request.action));
  json.update({
      {"action_id", request.action_id},
      {"run_id", request.run_id},
      {"requested_by", request.requested_by},
      {"policy", request.policy},
      {"rule", request.rule},
      {"body_preview", request.body_preview},
      {"body_bytes", request.body_bytes},
      {"content_type", request.content_type},
      {"approver_groups", request.approver_groups},
      {"duration", duration_text(request.default_duration)},
      {"scope", request.scope ? Json(word(*request.scope)) : Json{}},
      {"approver_id", request.approver},
      {"reason", request.reason},
      {"created_at", model::to_iso8601(request.created_at)},
      {"updated_at", model::to_iso8601(request.updated_at)},
      {"expires_at", model::to_iso8601(request.expires_at)},
      {"decided_at", is_decided ? Json(model::to_iso8601(request.updated_at)) : Json{}},
  });
  return json;
}

Json to_json(const model::ApprovalGrant& grant) {
  Json json = {{"id", grant.id}, {"scope", word(grant.scope)}};
  json.update(to_json(grant.action));
  json.update({
      {"request_id", grant.request_id},
      {"run_id", grant.run_id},
      {"requested_by", grant.requested_by},
      {"approver_id", grant.approver},
      {"created_at", model::to_iso8601(grant.created_at)},
      {"expires_at", time_or_null(grant.expires_at)},
      {"consumed_at", time_or_null(grant.consumed_at)},
      {"revoked_at", time_or_null(grant.revoked_at)},
  });
  return json;
}

Result<model::Action> action_from_json(const Json& json) {
  model::Action action;
  Members members{json};
  read_action(members, action);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return action;
}

Result<model::ApprovalRequest> approval_request_from_json(const Json& json) {
  model::ApprovalRequest request;
  Members members{json};
  read_action(members, request.action);
  members.text("id", request.id)
      .word("status", request.status, model::approval_status_of, "the status of a request, such as PENDING")
      .text("action_id", request.action_id)
      .text("run_id", request.run_id)
      .text("requested_by", request.requested_by)
      .text("policy", request.policy)
      .number("rule", request.rule)
      .text("body_preview", request.body_preview)
      .number("body_bytes", request.body_bytes)
      .text("content_type", request.content_type)
      .texts("approver_groups", request.approver_groups)
      .word("duration", request.default_duration, duration_of, "a duration such as 4h")
      .word("scope", request.scope, scope_word, "once, run or agent_user_ttl")
      .text("approver_id", request.approver)
      .text("reason", request.reason)
      .time("created_at", request.created_at)
      .time("updated_at", request.updated_at)
      .time("expires_at", request.expires_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return request;
}

Result<model::ApprovalGrant> approval_grant_from_json(const Json& json) {
  model::ApprovalGrant grant;
  Members members{json};
  read_action(members, grant.action);
  members.text("id", grant.id)
      .word("scope", grant.scope, scope_word, "once, run or agent_user_ttl")
      .text("request_id", grant.request_id)
      .text("run_id", grant.run_id)
      .text("requested_by", grant.requested_by)
      .text("approver_id", grant.approver)
      .time("created_at", grant.created_at)
      .time("expires_at", grant.expires_at)
      .time("consumed_at", grant.consumed_at)
      .time("revoked_at", grant.revoked_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return grant;
}

}  // namespace runagents::api
