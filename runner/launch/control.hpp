#pragma once

#include <optional>

namespace runagents::launch {

/// What runner and supervisor tell each other.
enum class Notice : int {
  // supervisor to runner
  started,  ///< value: the agent's pid
  failed,   ///< value: the step (StartStep) that failed, detail: errno
  stopped,  ///< value: the signal that stopped the agent's own process
  ended,    ///< value: the wait status (wait(2)) of the agent's own process; everything else is gone as well
  // runner to supervisor
  signal,  ///< value: a signal for the agent's process group
  frozen,  ///< value: 1 while the runner keeps the tree stopped, 0 afterwards
};

/// One message on the socket pair (SOCK_SEQPACKET) between runner and supervisor.
struct Message {
  Notice notice = Notice::started;
  int value = 0;
  int detail = 0;
};

/// Sends; false when the other side is gone.
bool send_message(int socket, const Message& message) noexcept;

enum class Wait { yes, no };

/// What came of an attempt to receive.
struct Received {
  std::optional<Message> message;
  bool closed = false;  ///< the other side is gone and nothing more will come
};
[[nodiscard]] Received receive_message(int socket, Wait wait) noexcept;

}  // namespace runagents::launch
