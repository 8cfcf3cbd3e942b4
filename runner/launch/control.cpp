#include "runner/launch/control.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace runagents::launch {

bool send_message(int socket, const Message& message) noexcept {
  ssize_t sent = 0;
  do {
    sent = ::send(socket, &message, sizeof message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof message);
}

Received receive_message(int socket, Wait wait) noexcept {
  Message message;
  ssize_t size = 0;
  do {
    size = ::recv(socket, &message, sizeof message, wait == Wait::yes ? 0 : MSG_DONTWAIT);
    // ECONNRESET says that the other side left without reading everything; what it had sent before is still there.
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size == static_cast<ssize_t>(sizeof message)) {
    return {.message = message, .closed = false};
  }
  return {.message = std::nullopt, .closed = size >= 0 || errno != EAGAIN};
}

}  // namespace runagents::launch
