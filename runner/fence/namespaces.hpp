#pragma once

#include <sys/types.h>

#include "runner/fence/failure.hpp"

namespace runagents::fence {

/// fork(2) into new user, network, mount, PID and IPC namespaces (clone(2), namespaces(7)): the child is the first
/// process of its PID namespace, and when it ends the kernel ends everything else in there. Returns as fork does; -1
/// with errno when the kernel refuses. The calling process must have a single thread.
[[nodiscard]] pid_t fork_into_namespaces() noexcept;

/// In the child: keeps the user's and the group's number what they are outside (user_namespaces(7)), so that files
/// belong to whom they belonged. The process is not dumpable afterwards.
[[nodiscard]] Outcome map_identity(uid_t user, gid_t group) noexcept;

}  // namespace runagents::fence
