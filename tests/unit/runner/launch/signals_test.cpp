#include "runner/launch/signals.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

using runagents::launch::Signals;

TEST_CASE("signals arrive on the descriptor instead of ending the process") {
  auto signals = Signals::open();
  REQUIRE(signals.has_value());
  CHECK_FALSE(signals->next().has_value());
  ::kill(::getpid(), SIGTERM);
  pollfd source{.fd = signals->fd(), .events = POLLIN, .revents = 0};
  CHECK(::poll(&source, 1, 10'000) == 1);
  CHECK(signals->next() == SIGTERM);
  ::raise(SIGINT);
  CHECK(signals->next() == SIGINT);
  CHECK_FALSE(signals->next().has_value());
}

TEST_CASE("the mask is as before afterwards, and what nobody read is dropped") {
  sigset_t before;
  sigset_t after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    const auto signals = Signals::open();
    REQUIRE(signals.has_value());
    ::kill(::getpid(), SIGTERM);
  }
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCONT}) {
    CHECK(sigismember(&before, number) == sigismember(&after, number));
  }
}

TEST_CASE("an ignored hang-up stays ignored") {
  ::signal(SIGHUP, SIG_IGN);
  {
    auto signals = Signals::open();
    REQUIRE(signals.has_value());
    ::kill(::getpid(), SIGHUP);
    CHECK_FALSE(signals->next().has_value());
  }
  ::signal(SIGHUP, SIG_DFL);
}
