#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace runagents::mcp {

/// JSON-RPC 2.0, section 5.1, and what MCP adds (2026-07-28, "Error Codes").
namespace error_code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int header_mismatch = -32020;
inline constexpr int unsupported_version = -32022;
}  // namespace error_code

/// Why messages are not accepted: what to answer. `write_error` makes the body.
struct ProtocolError {
  int status = 400;  ///< HTTP
  int code = error_code::invalid_request;
  std::string message;  ///< repeats nothing of the text that was read
  std::string id{};     ///< of the request, as JSON; empty: there is none, or it could not be read
  std::string data{};   ///< JSON; empty: none
};

enum class MessageKind { request, notification, response };

/// One JSON-RPC message of MCP, read strictly. Copies share the document; immutable, so threads may share it, too.
struct Message {
  MessageKind kind = MessageKind::request;
  std::string id;      ///< as JSON ("7", "\"a\""); empty: a notification, or an error response without one
  std::string method;  ///< visible ASCII; empty: a response
  /// What the method acts on: the tool of tools/call, the prompt of prompts/get, the URI of resources/read and
  /// resources/(un)subscribe. Without control characters. Empty: other methods.
  std::string name;
  std::shared_ptr<const nlohmann::json> document;

  [[nodiscard]] bool is_tool_call() const noexcept;
  [[nodiscard]] bool is_request_for(std::string_view wanted) const noexcept;
  /// `params`; null when there are none.
  [[nodiscard]] const nlohmann::json* params() const;
  /// `params.arguments` of tools/call and prompts/get; null when there are none.
  [[nodiscard]] const nlohmann::json* arguments() const;
  /// A text in `params._meta`; null when there is none.
  [[nodiscard]] const std::string* meta_text(std::string_view key) const;
};

struct ReadLimits {
  std::size_t max_depth = 64;
  std::size_t max_messages = 64;  ///< in an array
};

/// The messages of one body.
struct Messages {
  std::vector<Message> all;
  bool batch = false;  ///< they stood in an array

  [[nodiscard]] bool has_request() const noexcept;
};

/// Reads the body of a POST, or one line of stdio. Once this accepts a text, every reader finds the same in it, so the
/// text may be passed on as it came. Refused is what two programs could read differently: duplicate names in any
/// object, names that differ in case only, a known member of a message or of `params` in another spelling, members that
/// JSON-RPC does not know, several documents, invalid UTF-8, numbers that are not kept exactly (see
/// core/auth/strict_json.hpp), control characters in names. Also ids that are neither text nor a 64-bit integer (2026-
/// 07-28, "Requests"), and params or arguments that are no objects. An array is accepted and said to be one.
[[nodiscard]] std::expected<Messages, ProtocolError> read_messages(std::string_view text,
                                                                   const ReadLimits& limits = {});

/// The text of a message that was read, in one line: stdio ends messages by line feeds. Order and spelling stay.
[[nodiscard]] std::string in_one_line(std::string_view text);

/// What policy calls the operation: the tool's name for tools/call, the method otherwise, "response" for answers to
/// the server's own requests.
[[nodiscard]] std::string_view operation(const Message& message) noexcept;

/// Whether a message is upkeep of the conversation and acts on nothing: initialize, ping, server/discover, tools/list
/// (whose answer is filtered), logging/setLevel, subscriptions/listen, notifications and answers. All else is an
/// operation that policy must allow by name.
[[nodiscard]] bool is_upkeep(const Message& message) noexcept;

}  // namespace runagents::mcp
