#include "runner/egress/grpc_answer.hpp"

#include "core/auth/base64.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

/// The statuses that are used here (grpc/doc/statuscodes.md).
namespace status {
constexpr std::uint32_t invalid_argument = 3;
constexpr std::uint32_t deadline_exceeded = 4;
constexpr std::uint32_t permission_denied = 7;
constexpr std::uint32_t resource_exhausted = 8;
constexpr std::uint32_t failed_precondition = 9;
constexpr std::uint32_t unimplemented = 12;
constexpr std::uint32_t internal = 13;
constexpr std::uint32_t unavailable = 14;
constexpr std::uint32_t unauthenticated = 16;
}  // namespace status

// Clients take 8 KiB of metadata, all fields together.
constexpr std::size_t max_message_bytes = 1024;
constexpr std::size_t max_json_bytes = 3072;

std::string text_of(const Refusal& refusal) {
  auto text = std::string{model::traits(refusal.code).word} + ": " + refusal.message;
  if (!refusal.authorization_url.empty()) text += "; a person gives it at " + refusal.authorization_url;
  if (!refusal.hint.empty()) text += " (" + refusal.hint + ")";
  return text;
}

}  // namespace

std::uint32_t grpc_status_of(model::RefusalCode code) noexcept {
  switch (code) {
    case bad_request:
    case ambiguous_target:
      return status::invalid_argument;
    case method_not_allowed:
    case endpoint_not_found:
    case model_not_found:
    case not_supported:
      return status::unimplemented;
    case misdirected:
    case tool_not_registered:
    case interception_unavailable:
    case agent_not_verified:
    case policy_denied:
    case capability_not_declared:
    case approval_rejected:
    case identity_forged:
    case identity_ambiguous:
    case address_blocked:
    case domain_not_allowed:
      return status::permission_denied;
    case headers_too_large:
    case body_too_large:
    case rate_limited:
    case budget_exceeded:
      return status::resource_exhausted;
    // Nothing changes by asking again; somebody has to do something first.
    case approval_required:
    case approval_expired:
    case consent_required:
    case credential_unavailable:
      return status::failed_precondition;
    case control_plane_unavailable:
    case upstream_unreachable:
    case upstream_tls:
    case keys_unavailable:
    case agent_unavailable:
      return status::unavailable;
    case upstream_timeout:
    case deadline_exceeded:
      return status::deadline_exceeded;
    case token_missing:
    case token_invalid:
    case token_expired:
    case audience_mismatch:
      return status::unauthenticated;
    case upstream_protocol:
    case internal:
      break;
  }
  return status::internal;
}

std::string grpc_message(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

std::string grpc_status_lines(const Refusal& refusal) {
  const auto text = text_of(refusal);
  const auto message = grpc_message(std::string_view{text}.substr(0, max_message_bytes));
  std::string lines = "grpc-status: " + std::to_string(grpc_status_of(refusal.code)) + "\r\ngrpc-message: ";
  lines.append(message, 0, message.find_last_not_of(' ') + 1)
      .append("\r\nrunagents-code: ")
      .append(model::traits(refusal.code).word)
      .append("\r\n");
  return lines;
}

GrpcAnswer answer_as_grpc(const Refusal& refusal, const Call& call) {
  GrpcAnswer answer{.status = grpc_status_of(refusal.code), .fields = "Content-Type: application/grpc\r\n"};
  answer.fields += grpc_status_lines(refusal);
  const auto json = to_json(refusal, call);
  if (json.size() <= max_json_bytes) {
    answer.fields.append("runagents-refusal-bin: ").append(auth::base64(json)).append("\r\n");
  }
  return answer;
}

}  // namespace runagents::egress
