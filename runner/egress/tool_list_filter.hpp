#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.hpp"
#include "core/mcp/tool_list.hpp"
#include "runner/egress/call.hpp"

namespace runagents::egress {

/// Takes the tools that policy never allows out of an answer of a tool of kind `mcp`. The call outlives it.
class ToolListFilter {
 public:
  enum class Form { json, events };

  /// What form the answer to `call` has, if it has to be looked into; empty: it passes as it comes.
  [[nodiscard]] static std::optional<Form> form_of(const Call& call, const http::ResponseHead& response);

  ToolListFilter(const Call& call, Form form);

  /// A JSON answer is held to its end, a stream of events to the end of each event. Returns what goes on now; an error
  /// says why the answer cannot be passed on. Nothing comes after `last`.
  [[nodiscard]] std::expected<std::string, std::string> pass(std::string_view piece, bool last);

 private:
  mcp::MaySee may_see_;
  std::optional<mcp::ToolListStream> events_;
  std::string whole_;
};

}  // namespace runagents::egress
