#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/http/head.hpp"

namespace runagents::egress {

/// What is known of a call whose client speaks gRPC (gRPC over HTTP/2, PROTOCOL-HTTP2.md).
struct GrpcCall {
  std::optional<std::chrono::steady_clock::time_point> deadline;  ///< of `grpc-timeout`; empty: the client named none
  std::string problem;                  ///< why the request has no single reading; empty: it has one
  bool is_late = false;                 ///< the deadline has passed: whoever asked has given up
  std::optional<std::uint32_t> status;  ///< the `grpc-status` that the client was told; empty: none
};

/// Whether a content type is one of gRPC: "application/grpc", "application/grpc+proto"; not "application/grpc-web".
[[nodiscard]] bool is_grpc_type(std::string_view content_type) noexcept;

/// Whether the client speaks gRPC: it posts a content type of gRPC, and no other beside it. What it says of its
/// deadline is counted from `from`.
[[nodiscard]] std::optional<GrpcCall> read_grpc(const http::RequestHead& head,
                                                std::chrono::steady_clock::time_point from);

/// The time of a `grpc-timeout`: 1 to 8 digits and a unit out of "HMSmun". Empty: it is none, or no time at all.
[[nodiscard]] std::optional<std::chrono::nanoseconds> read_grpc_timeout(std::string_view value) noexcept;

/// The same time as a field value, rounded up where 8 digits do not suffice; what has passed is "1n", because servers
/// take no zero.
[[nodiscard]] std::string write_grpc_timeout(std::chrono::nanoseconds left);

/// The `grpc-status` among these fields, if there is exactly one and it is a number.
[[nodiscard]] std::optional<std::uint32_t> find_grpc_status(const std::vector<http::Field>& fields);

}  // namespace runagents::egress
