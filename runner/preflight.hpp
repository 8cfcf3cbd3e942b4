#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/model/project.hpp"
#include "core/policy/evaluator.hpp"
#include "runner/launch/environment.hpp"
#include "runner/run.hpp"

namespace runagents {

/// Whether there is a server that gives tokens to the project's agent account, and whether every tool that wants one is
/// below it: a token of an account is good for its server, and is sent nowhere else.
[[nodiscard]] Result<void> check_agent_tokens(const model::Project& project, const RunPlanes& planes);

/// Whether this version can enforce and serve everything that the agent uses. What it cannot do is an error before
/// anything starts, never a call that goes out without it. `offline`: nothing will be called, and files with settings
/// of accounts are not looked at.
[[nodiscard]] Result<void> check_supported(const model::Project& project, bool offline = false);

/// The environment that a run would have, with ports that are not known yet; starts and opens nothing.
[[nodiscard]] Result<launch::Environment> future_environment(const RunOptions& options,
                                                             const policy::Evaluator& evaluator);

/// Whether the end user's name can be said in a header field: it holds no control character. May be empty: nobody.
[[nodiscard]] Result<void> check_end_user(std::string_view end_user);

}  // namespace runagents
