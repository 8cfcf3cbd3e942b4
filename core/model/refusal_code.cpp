#include "core/model/refusal_code.hpp"

#include <algorithm>
#include <array>

namespace runagents::model {
namespace {

using enum RefusalCode;

constexpr std::array table = {
    RefusalTraits{bad_request, "BAD_REQUEST", 400, "parse", "http_request_error"},
    RefusalTraits{ambiguous_target, "AMBIGUOUS_TARGET", 400, "parse", "http_request_error"},
    RefusalTraits{method_not_allowed, "METHOD_NOT_ALLOWED", 405, "parse", "http_request_error"},
    RefusalTraits{misdirected, "MISDIRECTED", 421, "parse", "http_request_error"},
    RefusalTraits{headers_too_large, "HEADERS_TOO_LARGE", 431, "parse", "http_request_error"},
    RefusalTraits{body_too_large, "BODY_TOO_LARGE", 413, "approval", "http_request_error"},
    RefusalTraits{endpoint_not_found, "ENDPOINT_NOT_FOUND", 404, "parse", "http_request_error"},
    RefusalTraits{model_not_found, "MODEL_NOT_FOUND", 404, "provider", "http_request_error"},
    RefusalTraits{not_supported, "NOT_SUPPORTED", 400, "capability", "http_request_error"},
    RefusalTraits{tool_not_registered, "TOOL_NOT_REGISTERED", 403, "tool", "http_request_denied"},
    RefusalTraits{interception_unavailable, "INTERCEPTION_UNAVAILABLE", 403, "tool", "http_request_denied"},
    RefusalTraits{agent_not_verified, "AGENT_NOT_VERIFIED", 403, "agent", "http_request_denied"},
    RefusalTraits{policy_denied, "POLICY_DENIED", 403, "policy", "http_request_denied"},
    RefusalTraits{capability_not_declared, "CAPABILITY_NOT_DECLARED", 403, "capability", "http_request_denied"},
    RefusalTraits{rate_limited, "RATE_LIMITED", 429, "limits", "http_request_denied"},
    RefusalTraits{budget_exceeded, "BUDGET_EXCEEDED", 429, "limits", "http_request_denied"},
    RefusalTraits{approval_required, "APPROVAL_REQUIRED", 403, "approval", "http_request_denied"},
    RefusalTraits{approval_rejected, "APPROVAL_REJECTED", 403, "approval", "http_request_denied"},
    RefusalTraits{approval_expired, "APPROVAL_EXPIRED", 403, "approval", "http_request_denied"},
    RefusalTraits{control_plane_unavailable, "CONTROL_PLANE_UNAVAILABLE", 503, "approval", "proxy_internal_error"},
    RefusalTraits{identity_forged, "IDENTITY_FORGED", 403, "identity", "http_request_denied"},
    RefusalTraits{identity_ambiguous, "IDENTITY_AMBIGUOUS", 403, "identity", "http_request_denied"},
    RefusalTraits{consent_required, "CONSENT_REQUIRED", 403, "credential", "http_request_denied"},
    RefusalTraits{credential_unavailable, "CREDENTIAL_UNAVAILABLE", 502, "credential", "proxy_configuration_error"},
    RefusalTraits{address_blocked, "ADDRESS_BLOCKED", 403, "forward", "destination_ip_prohibited"},
    RefusalTraits{upstream_unreachable, "UPSTREAM_UNREACHABLE", 502, "forward", "destination_unavailable"},
    RefusalTraits{upstream_tls, "UPSTREAM_TLS", 502, "forward", "tls_certificate_error"},
    RefusalTraits{upstream_protocol, "UPSTREAM_PROTOCOL", 502, "forward", "http_protocol_error"},
    RefusalTraits{upstream_timeout, "UPSTREAM_TIMEOUT", 504, "forward", "http_response_timeout"},
    RefusalTraits{deadline_exceeded, "DEADLINE_EXCEEDED", 504, "forward", "http_response_timeout"},
    RefusalTraits{token_missing, "TOKEN_MISSING", 401, "ingress", "http_request_denied"},
    RefusalTraits{token_invalid, "TOKEN_INVALID", 401, "ingress", "http_request_denied"},
    RefusalTraits{token_expired, "TOKEN_EXPIRED", 401, "ingress", "http_request_denied"},
    RefusalTraits{audience_mismatch, "AUDIENCE_MISMATCH", 401, "ingress", "http_request_denied"},
    RefusalTraits{domain_not_allowed, "DOMAIN_NOT_ALLOWED", 403, "ingress", "http_request_denied"},
    RefusalTraits{keys_unavailable, "KEYS_UNAVAILABLE", 503, "ingress", "destination_unavailable"},
    RefusalTraits{agent_unavailable, "AGENT_UNAVAILABLE", 503, "ingress", "destination_unavailable"},
    RefusalTraits{internal, "INTERNAL", 500, "internal", "proxy_internal_error"},
};

constexpr bool table_follows_the_enumeration() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].code) != i) return false;
  }
  return table.size() == static_cast<std::size_t>(internal) + 1;
}
static_assert(table_follows_the_enumeration());

}  // namespace

const RefusalTraits& traits(RefusalCode code) noexcept { return table[static_cast<std::size_t>(code)]; }

std::optional<RefusalCode> refusal_code(std::string_view word) noexcept {
  const auto* found = std::ranges::find(table, word, &RefusalTraits::word);
  if (found == table.end()) return std::nullopt;
  return found->code;
}

}  // namespace runagents::model
