#pragma once

#include <optional>
#include <span>
#include <sys/types.h>
#include <vector>

#include "runner/fence/failure.hpp"

namespace runagents::launch {

/// What runner and supervisor tell each other.
enum class Notice : int {
  // supervisor to runner
  sockets,  ///< with descriptors: the fence's listeners, in the order of its plan, and then one for socket diagnostics;
            ///< later on, what `more_sockets` asked for
  born,     ///< sent by the agent's process itself, so that the kernel tells its pid as the receiver sees it
  started,  ///< the agent's program has taken over
  failed,   ///< value: the step (StartStep) that failed, detail: errno, failure: of the fence
  stopped,  ///< value: the signal that stopped the agent's own process
  ended,    ///< value: the wait status (wait(2)) of the agent's own process; everything else is gone as well
  // runner to supervisor
  signal,        ///< value: a signal for the agent's process group
  more_sockets,  ///< value: how many unconnected TCP sockets of the fence's network are wanted
  frozen,        ///< value: 1 while the runner keeps the tree stopped, 0 afterwards
};

/// One message on the socket pair (SOCK_SEQPACKET) between runner and supervisor.
struct Message {
  Notice notice = Notice::started;
  int value = 0;
  int detail = 0;
  fence::Failure failure{};
};

/// Sends; false when the other side is gone.
bool send_message(int socket, const Message& message) noexcept;
/// Sends descriptors (unix(7), SCM_RIGHTS), as many messages as it takes; they stay the caller's.
bool send_descriptors(int socket, std::span<const int> descriptors) noexcept;

enum class Wait { yes, no };

/// What came of an attempt to receive.
struct Received {
  std::optional<Message> message;
  bool closed = false;           ///< the other side is gone and nothing more will come
  pid_t sender = 0;              ///< as seen from here; known when the socket has SO_PASSCRED
  std::vector<int> descriptors;  ///< the receiver's to close
};
[[nodiscard]] Received receive_message(int socket, Wait wait) noexcept;

}  // namespace runagents::launch
