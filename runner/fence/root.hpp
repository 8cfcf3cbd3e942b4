#pragma once

#include "runner/fence/failure.hpp"
#include "runner/fence/plan.hpp"

namespace runagents::fence {

/// Assembles a root of the agent's own in a new mount namespace (mount_namespaces(7), pivot_root(2)): every top-level
/// directory of the machine is mounted there without set-user-ID programs and devices, those of the system read-only;
/// /proc, /dev and /run are new, /sys and what can change the kernel is read-only; then what the view lists is covered.
/// What the machine mounts later does not show up. The old root is gone afterwards, and the working directory is "/".
[[nodiscard]] Outcome enter_private_root(const View& view);

/// Top-level directories that belong to the system; nobody but root could write there anyway, and for root every one
/// counts that is not known to be for users.
[[nodiscard]] bool is_system_directory(std::string_view top_level_name) noexcept;

}  // namespace runagents::fence
