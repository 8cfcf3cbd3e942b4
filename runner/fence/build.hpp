#pragma once

#include <functional>
#include <span>
#include <sys/types.h>

#include "runner/fence/failure.hpp"
#include "runner/fence/plan.hpp"

namespace runagents::fence {

/// Takes the sockets that were opened inside: those of the plan's listeners, in order, and then one for socket
/// diagnostics (NETLINK_SOCK_DIAG). They are closed when it returns. False: nobody took them.
using HandOut = std::function<bool(std::span<const int>)>;

/// Builds the fence around the calling process, which is fresh from `fork_into_namespaces`: identity, network,
/// listeners, private root; gives up all capabilities at the end, for itself and for all that it starts. `user` and
/// `group` are what they are outside.
[[nodiscard]] Outcome build(const Plan& plan, uid_t user, gid_t group, const HandOut& hand_out);

/// What a process inside adds for itself and its children, because its parent must not have it: no keys of the user's
/// session, Landlock, the filter of system calls. Needs no_new_privs. Cannot be undone.
[[nodiscard]] Outcome restrict_process(const Plan& plan) noexcept;

}  // namespace runagents::fence
