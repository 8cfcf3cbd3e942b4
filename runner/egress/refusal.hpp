#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "core/model/refusal_code.hpp"

namespace runagents::egress {

struct Call;

/// Why a call is not forwarded, for the agent and for people. Names no secret.
struct Refusal {
  model::RefusalCode code = model::RefusalCode::internal;
  std::string message;
  std::string hint;
  std::string approval_id;          ///< approval refusals
  std::string expires_at;           ///< approval_required, consent_required: ISO 8601
  std::string authorization_url{};  ///< consent_required: where a person gives it
  std::string resume_id{};          ///< consent_required: names what was asked
  std::uint32_t retry_after_s = 0;  ///< limits
  /// Of a question to a model, in the words of the agent's API; both may be empty.
  struct {
    std::string code;   ///< "unsupported_parameter"
    std::string field;  ///< "messages[2].content[0].image_url"
  } problem{};
};

/// What a stage says of a call: nothing (go on), or why it ends here.
using Verdict = std::expected<void, Refusal>;

[[nodiscard]] inline Verdict pass() { return {}; }
[[nodiscard]] inline std::unexpected<Refusal> refuse(model::RefusalCode code, std::string message,
                                                     std::string hint = {}) {
  Refusal refusal;
  refusal.code = code;
  refusal.message = std::move(message);
  refusal.hint = std::move(hint);
  return std::unexpected(std::move(refusal));
}

/// The JSON body of a refusal, the same shape for every stage.
[[nodiscard]] std::string to_json(const Refusal& refusal, const Call& call);

/// The value of Proxy-Status (RFC 9209) for a refusal: `runagents; error=...; details="CODE"`.
[[nodiscard]] std::string proxy_status(const Refusal& refusal);

}  // namespace runagents::egress
