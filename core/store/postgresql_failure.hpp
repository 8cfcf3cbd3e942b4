#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::store {

/// What an SQLSTATE (postgresql.org/docs/15/errcodes-appendix.html) means for a person. Names the store, never data.
[[nodiscard]] Error explain_postgresql(std::string_view sqlstate, const std::string& name,
                                       std::chrono::milliseconds lock_timeout);

}  // namespace runagents::store
