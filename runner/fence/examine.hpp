#pragma once

#include "runner/fence/failure.hpp"

namespace runagents::fence {

/// Builds a fence in a process of its own and takes it down again: what stands in the way of one on this machine, for
/// this user, or nothing. The calling process must have a single thread. Some milliseconds.
[[nodiscard]] Outcome examine();

}  // namespace runagents::fence
