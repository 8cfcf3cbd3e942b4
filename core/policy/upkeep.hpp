#pragma once

#include <string>
#include <string_view>

#include "core/policy/evaluator.hpp"

namespace runagents::policy {

/// Whether a method of MCP keeps a conversation with a server up and acts on nothing: initialize, ping,
/// server/discover, tools/list (whose answer is filtered), logging/setLevel, subscriptions/listen and notifications.
/// So do "response", an answer to a request of the server's own, and the HTTP methods GET and DELETE, which open the
/// stream of a session and end it. All else (resources/read, prompts/get, what is unknown) is an operation by its name.
[[nodiscard]] bool is_upkeep(std::string_view method) noexcept;

/// Whether a tool takes requests at this canonical path: a server of MCP does at its base URL and nowhere below; of
/// other kinds this is always true.
[[nodiscard]] bool is_endpoint(const model::Tool& tool, std::string_view path) noexcept;
/// Why not, for people.
[[nodiscard]] std::string not_endpoint(const model::Tool& tool, std::string_view url);

/// Whether something may be done with the operation's MCP tool at all, whatever its method and arguments, if only after
/// an approval.
[[nodiscard]] bool may_be_used(const Evaluator& evaluator, const Operation& operation) noexcept;

/// Policy for upkeep. It is allowed where the tool may be used, so that rules need to name what acts only, unless a
/// rule denies it; nobody is asked for an approval of it.
[[nodiscard]] Decision decide_upkeep(const Evaluator& evaluator, const Operation& operation) noexcept;

}  // namespace runagents::policy
