#pragma once

#include <string>
#include <vector>

#include "runner/fence/failure.hpp"

namespace runagents::fence {

/// Gives up every capability for good, of this process and of all that it will start: permitted, effective,
/// inheritable, ambient and bounding sets, and the ways in which user 0 would get them back (capabilities(7)).
[[nodiscard]] Outcome drop_capabilities() noexcept;

/// A session keyring of its own (keyrings(7)): what the user's session holds is not inherited.
[[nodiscard]] Outcome leave_session_keyring() noexcept;

/// The version of Landlock that the kernel has; 0: none, or the first, which cannot allow a rename between directories.
[[nodiscard]] long landlock_version() noexcept;

/// Landlock as a second wall behind the mounts: nothing is written outside `writable`, whatever a mount says, no mount
/// changes, no socket is made in a directory that others see, and signals and abstract sockets stay inside where the
/// kernel knows how. Does nothing where there is no Landlock. Needs no_new_privs.
[[nodiscard]] Outcome restrict_writing(const std::vector<std::string>& writable) noexcept;

/// Refuses system calls that lead past the fence, or to parts of the kernel that no agent needs (seccomp(2)). Needs
/// no_new_privs. The reasons are in SECURITY.md.
[[nodiscard]] Outcome filter_system_calls() noexcept;

}  // namespace runagents::fence
