#pragma once

#include <optional>
#include <string_view>

namespace runagents::model {

/// Every reason for which a call of an agent, or a request to it through the ingress, is not forwarded. The words are
/// part of the wire format: they stand in the refusal's JSON, in `Proxy-Status` and in events.
enum class RefusalCode {
  bad_request,
  ambiguous_target,
  method_not_allowed,
  misdirected,
  headers_too_large,
  body_too_large,
  endpoint_not_found,
  model_not_found,
  not_supported,
  tool_not_registered,
  interception_unavailable,
  agent_not_verified,
  policy_denied,
  capability_not_declared,
  rate_limited,
  budget_exceeded,
  approval_required,
  approval_rejected,
  approval_expired,
  control_plane_unavailable,
  identity_forged,
  identity_ambiguous,
  consent_required,
  credential_unavailable,
  address_blocked,
  upstream_unreachable,
  upstream_tls,
  upstream_protocol,
  upstream_timeout,
  deadline_exceeded,
  token_missing,
  token_invalid,
  token_expired,
  audience_mismatch,
  domain_not_allowed,
  keys_unavailable,
  agent_unavailable,
  internal,
};

/// What a refusal code looks like from outside.
struct RefusalTraits {
  RefusalCode code;
  std::string_view word;          ///< "POLICY_DENIED"
  int status;                     ///< HTTP status
  std::string_view stage;         ///< the pipeline stage that refuses with it: "policy"
  std::string_view proxy_status;  ///< the error type of RFC 9209, section 2.3: "http_request_denied"
};

/// The traits of a code; total.
[[nodiscard]] const RefusalTraits& traits(RefusalCode code) noexcept;

/// The code of a word, if there is one.
[[nodiscard]] std::optional<RefusalCode> refusal_code(std::string_view word) noexcept;

}  // namespace runagents::model
