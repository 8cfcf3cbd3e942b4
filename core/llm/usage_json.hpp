#pragma once

#include "core/llm/api.hpp"
#include "core/llm/members.hpp"
#include "core/llm/usage.hpp"

namespace runagents::llm {

/// Reads the object in which a provider's API tells usage into `usage`. What it does not name stays, so that
/// Anthropic's two reports add up. Anything but an object changes nothing.
void read_usage(Api provider, const Json& object, Usage& usage);

/// The object in which a caller's API tells usage.
[[nodiscard]] Json write_usage(Api caller, const Usage& usage);

}  // namespace runagents::llm
