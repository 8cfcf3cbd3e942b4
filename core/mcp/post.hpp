#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/http/head.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/protocol_version.hpp"

namespace runagents::mcp {

/// What a POST may be.
struct PostRules {
  /// What is spoken here, in the order in which refusals name it.
  std::span<const ProtocolVersion> versions = protocol_versions;
  /// Whether Accept has to list both forms of an answer, as a server insists (406) and a proxy need not.
  bool check_accept = false;
  ReadLimits limits{};
};

/// A POST to an MCP endpoint that has one reading.
struct Post {
  ProtocolVersion version = assumed_version;
  Messages messages;
};

/// Reads a POST of Streamable HTTP and holds its fields against its body; `body` is what is left when the transfer
/// coding is taken off. Pure.
///
/// All versions: Content-Type is application/json in UTF-8 and there is no content coding (415); fields that decide
/// come once; MCP-Protocol-Version names one of `rules.versions` (400, -32022 with `supported` and `requested`), and
/// absent means 2025-03-26, for `initialize` what its params ask for; MCP-Protocol-Version, Mcp-Method and Mcp-Name,
/// where they are sent, say what the body says (400, -32020), because somebody on the way may go by them; arrays only
/// in 2025-03-26. Modern versions (2026-07-28, "Server Validation"): all three are required, Mcp-Name for tools/call,
/// prompts/get and resources/read; `_meta` has protocolVersion and clientCapabilities (400, -32602); answers are not
/// accepted. What needs sessions or a list of methods is the caller's: `missing_session`, `unknown_session`,
/// `unknown_method`.
[[nodiscard]] std::expected<Post, ProtocolError> read_post(std::span<const http::Field> fields, std::string_view body,
                                                           const PostRules& rules = {});

/// Sessions of legacy versions: a request without Mcp-Session-Id where there must be one (400), or with one that is not
/// known any more (404: the client begins anew).
[[nodiscard]] ProtocolError missing_session(const Message* message);
[[nodiscard]] ProtocolError unknown_session(const Message* message);
/// -32601; with HTTP 404 in modern versions, and 200 before.
[[nodiscard]] ProtocolError unknown_method(const Message& message, ProtocolVersion version);
/// An id of a session is visible ASCII (2025-11-25, "Session Management").
[[nodiscard]] bool is_session_id(std::string_view text) noexcept;

/// The version that a field's value names, or the error for one that is not among `versions`: for requests without a
/// body (GET, DELETE). An empty value is `assumed_version`.
[[nodiscard]] std::expected<ProtocolVersion, ProtocolError> version_of_field(std::string_view value,
                                                                             std::span<const ProtocolVersion> versions);

/// `value` for Mcp-Name or Mcp-Param-*: as it is where it is plain, else as `=?base64?...?=` (2026-07-28, "Value
/// Encoding").
[[nodiscard]] std::string encode_field_value(std::string_view value);

}  // namespace runagents::mcp
