#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// A refusal in the words of gRPC: the fields of an answer without a body, which says everything in its head
/// ("Trailers-Only", PROTOCOL-HTTP2.md) and goes out with HTTP status 200.
struct GrpcAnswer {
  std::uint32_t status = 13;  ///< grpc-status
  std::string fields;         ///< field lines: content-type, grpc-status, grpc-message and our own
};

/// What a gRPC client is told: the status that means the same, `runagents-code` with the refusal's code, and
/// `runagents-refusal-bin` with the JSON that other clients get, as binary metadata; it is left out where it would be
/// too long for clients' limits on metadata.
[[nodiscard]] GrpcAnswer answer_as_grpc(const Refusal& refusal, const Call& call);

/// The field lines of it that say what happened, for an answer that has begun: they are its trailers.
[[nodiscard]] std::string grpc_status_lines(const Refusal& refusal);

/// The status of gRPC that means what a refusal means.
[[nodiscard]] std::uint32_t grpc_status_of(model::RefusalCode code) noexcept;

/// Text as `grpc-message` holds it: printable ASCII but for "%", everything else percent-encoded byte by byte.
[[nodiscard]] std::string grpc_message(std::string_view text);

}  // namespace runagents::egress
