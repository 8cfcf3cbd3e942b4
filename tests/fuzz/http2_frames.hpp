#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include "core/http/stream.hpp"

namespace runagents::fuzz {

/// The frames in the input, as they stand on the wire: each has a type, flags, one of the `streams`, a size and a
/// payload. `preface` and settings come first, unless the input says otherwise.
inline std::string frames_in(std::span<const std::uint8_t> input, std::string_view preface,
                             const std::array<char, 8>& streams) {
  constexpr std::size_t head = 4;
  const auto size = std::min<std::size_t>(input.size(), 16 * 1024);
  std::string bytes;
  if (size > 0 && input[0] % 8 != 7) bytes.append(preface).append("\0\0\0\4\0\0\0\0\0", 9);
  for (std::size_t at = 1; at + head <= size;) {
    const std::size_t wanted = input[at];
    const auto length = std::min(wanted, size - at - head);
    bytes.append(2, '\0').push_back(static_cast<char>(length));
    bytes.push_back(static_cast<char>(input[at + 1] % 12));
    bytes.push_back(static_cast<char>(input[at + 2]));
    bytes.append(3, '\0').push_back(streams.at(input[at + 3] % streams.size()));
    bytes.append(reinterpret_cast<const char*>(input.data()) + at + head, length);
    at += head + length;
  }
  return bytes;
}

/// The other side of a connection, and our socket of it.
class Peer {
 public:
  explicit Peer(http::asio::io_context& context) : socket{context} {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    end_ = ends[1];
    socket.assign(http::tcp::v4(), ends[0]);
    socket.non_blocking(true);
  }
  ~Peer() { ::close(end_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void say(const std::string& bytes) const {
    if (::write(end_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  }
  void leave() const { ::shutdown(end_, SHUT_WR); }

  http::Socket socket;

 private:
  int end_ = -1;
};

}  // namespace runagents::fuzz
