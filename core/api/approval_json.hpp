#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/approval.hpp"

namespace runagents::api {

/// As the API writes it: the published members of an AccessRequest (`subject` names who asks: the end user, or the
/// agent when there is none; `duration` is the default that a decision gets, such as "4h"; `payload_hash`,
/// `tool_method`, `tool_url` describe the call), and ours.
[[nodiscard]] nlohmann::ordered_json to_json(const model::ApprovalRequest& request);
[[nodiscard]] nlohmann::ordered_json to_json(const model::ApprovalGrant& grant);
/// The members that describe a call: `agent_id`, `tool_id`, `capability`, `tool_method`, `tool_url`, `payload_hash`,
/// `end_user`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::Action& action);

/// They read what `to_json` writes; members that are absent or null keep their defaults, a wrong type is an error.
[[nodiscard]] Result<model::ApprovalRequest> approval_request_from_json(const nlohmann::ordered_json& json);
[[nodiscard]] Result<model::ApprovalGrant> approval_grant_from_json(const nlohmann::ordered_json& json);
[[nodiscard]] Result<model::Action> action_from_json(const nlohmann::ordered_json& json);

/// "90s", "30m", "4h", "2d", "1h30m" or plain seconds. Nothing when it is none of these, zero, or more than ten years.
[[nodiscard]] std::optional<std::chrono::seconds> duration_of(std::string_view text);
[[nodiscard]] std::string duration_text(std::chrono::seconds duration);

}  // namespace runagents::api
