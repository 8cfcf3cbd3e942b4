#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/mcp/post.hpp"
#include "core/policy/arguments.hpp"

namespace runagents::egress {

/// What one request to a tool of kind `mcp` says. Stages judge its messages one after the other; after that the
/// message at hand is the first that acts, or the one that was refused.
class Conversation {
 public:
  Conversation() = default;
  /// Of a POST.
  explicit Conversation(mcp::Post post) : post_{std::move(post)} {}

  [[nodiscard]] const mcp::Post& post() const noexcept { return post_; }
  [[nodiscard]] const std::vector<mcp::Message>& messages() const noexcept { return post_.messages.all; }

  /// The message at hand; null: of GET and DELETE, and before the first.
  [[nodiscard]] const mcp::Message* current() const noexcept { return current_; }
  void turn_to(const mcp::Message& message);

  /// What policy calls what is at hand: "resources/read", a tool's name, `http_method` where there is no message.
  [[nodiscard]] std::string_view operation(std::string_view http_method) const noexcept;
  /// Whether what is at hand acts on nothing.
  [[nodiscard]] bool is_upkeep() const noexcept { return current_ == nullptr || mcp::is_upkeep(*current_); }
  /// Of the message at hand, for policy; null: it has none.
  [[nodiscard]] const policy::Arguments* arguments() const noexcept { return arguments_.get(); }

  /// The names of the tools that are called, and the methods of all messages, joined by commas: for the record.
  [[nodiscard]] std::string tool_names() const;
  [[nodiscard]] std::string methods() const;

  /// What the message at hand asks for, without what differs from one time to the next (its id, the token by which
  /// progress is reported): an approval is of this text. JSON.
  [[nodiscard]] std::string action() const;
  /// What a person is shown of it: the arguments of a tool, the parameters of another method. JSON, indented.
  [[nodiscard]] std::string readable() const;

  std::optional<mcp::ProtocolError> error;  ///< why the request is not MCP
  bool lists_tools = false;                 ///< the answer may have a list of tools
  bool listens = false;                     ///< the answer is a stream on which nothing may come for long

 private:
  mcp::Post post_;
  const mcp::Message* current_ = nullptr;
  std::unique_ptr<policy::Arguments> arguments_;
};

}  // namespace runagents::egress
