#include "runner/launch/control.hpp"

#include <array>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace runagents::launch;

namespace {

struct Pair {
  Pair() { ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()); }
  ~Pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("a message arrives as it was sent") {
  const Pair pair;
  CHECK(send_message(pair.ends[0], {.notice = Notice::failed, .value = 3, .detail = 13}));
  const auto received = receive_message(pair.ends[1], Wait::yes);
  REQUIRE(received.message.has_value());
  CHECK(received.message->notice == Notice::failed);
  CHECK(received.message->value == 3);
  CHECK(received.message->detail == 13);
  CHECK_FALSE(received.closed);
}

TEST_CASE("an empty socket is neither a message nor the end") {
  const Pair pair;
  const auto received = receive_message(pair.ends[1], Wait::no);
  CHECK_FALSE(received.message.has_value());
  CHECK_FALSE(received.closed);
}

TEST_CASE("the last word of a side that left arrives, also when it had not read everything") {
  Pair pair;
  send_message(pair.ends[1], {.notice = Notice::signal, .value = 15, .detail = 0});
  send_message(pair.ends[0], {.notice = Notice::ended, .value = 7, .detail = 0});
  ::close(pair.ends[0]);
  pair.ends[0] = -1;
  const auto last = receive_message(pair.ends[1], Wait::yes);
  REQUIRE(last.message.has_value());
  CHECK(last.message->value == 7);
  CHECK(receive_message(pair.ends[1], Wait::yes).closed);
  CHECK_FALSE(send_message(pair.ends[1], {}));
}
