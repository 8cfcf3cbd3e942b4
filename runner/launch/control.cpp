#include "runner/launch/control.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace runagents::launch {
namespace {

/// The kernel takes at most 253 in one message (SCM_MAX_FD).
constexpr std::size_t descriptors_per_message = 128;

using Ancillary = std::array<char, CMSG_SPACE(descriptors_per_message * sizeof(int)) + CMSG_SPACE(sizeof(ucred))>;

bool send_with(int socket, const Message& message, std::span<const int> descriptors) noexcept {
  iovec part{const_cast<Message*>(&message), sizeof message};
  alignas(cmsghdr) Ancillary ancillary{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    header.msg_control = ancillary.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof message);
}

void read_ancillary(msghdr& header, Received& received) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
    if (one->cmsg_level != SOL_SOCKET) {
      continue;
    }
    const std::size_t size = one->cmsg_len - CMSG_LEN(0);
    if (one->cmsg_type == SCM_RIGHTS) {
      received.descriptors.resize(size / sizeof(int));
      std::memcpy(received.descriptors.data(), CMSG_DATA(one), size);
    } else if (one->cmsg_type == SCM_CREDENTIALS && size >= sizeof(ucred)) {
      ucred credentials{};
      std::memcpy(&credentials, CMSG_DATA(one), sizeof credentials);
      received.sender = credentials.pid;
    }
  }
}

}  // namespace

bool send_message(int socket, const Message& message) noexcept { return send_with(socket, message, {}); }

bool send_descriptors(int socket, std::span<const int> descriptors) noexcept {
  const Message message{.notice = Notice::sockets, .value = 0, .detail = 0};
  bool sent = true;
  while (sent && !descriptors.empty()) {
    const auto size = std::min(descriptors.size(), descriptors_per_message);
    sent = send_with(socket, message, descriptors.first(size));
    descriptors = descriptors.subspan(size);
  }
  return sent;
}

Received receive_message(int socket, Wait wait) noexcept {
  Message message;
  iovec part{&message, sizeof message};
  alignas(cmsghdr) Ancillary ancillary{};
  msghdr header{};
  ssize_t size = 0;
  int resets = 0;
  do {
    header = {};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = ancillary.data();
    header.msg_controllen = ancillary.size();
    size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | (wait == Wait::yes ? 0 : MSG_DONTWAIT));
    // ECONNRESET says, once, that the other side left without reading everything; what it had sent is still there.
  } while (size < 0 && (errno == EINTR || (errno == ECONNRESET && ++resets == 1)));
  Received received;
  if (size < 0) {
    received.closed = errno != EAGAIN;
    return received;
  }
  read_ancillary(header, received);
  received.closed = size != static_cast<ssize_t>(sizeof message);
  if (!received.closed) {
    received.message = message;
  }
  return received;
}

}  // namespace runagents::launch
