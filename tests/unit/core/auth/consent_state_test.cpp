#include "core/auth/consent_state.hpp"

#include <doctest/doctest.h>

using namespace runagents::auth;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

const ConsentSubject subject{.run = "RUN", .tool = "drive", .client = "c0ffee", .user = "ada@example.org"};
constexpr sys_seconds end{seconds{1'000'000}};
constexpr sys_seconds before{seconds{999'999}};

}  // namespace

TEST_CASE("a state is accepted for what it was issued for, until its time is over") {
  const ConsentStates states{"key"};
  const auto state = states.issue(subject, "nonce", end);
  CHECK(state.size() == 43);
  CHECK(states.accepts(state, subject, "nonce", end, before));
  CHECK_FALSE(states.accepts(state, subject, "nonce", end, end));
}

TEST_CASE("a state is worth nothing for another run, tool, client, user, nonce or time") {
  const ConsentStates states{"key"};
  const auto state = states.issue(subject, "nonce", end);
  for (const auto& [member, value] :
       {std::pair{&ConsentSubject::run, "RUN2"}, std::pair{&ConsentSubject::tool, "mail"},
        std::pair{&ConsentSubject::client, "c0ffef"}, std::pair{&ConsentSubject::user, "eve@example.org"}}) {
    auto other = subject;
    other.*member = value;
    CHECK_FALSE(states.accepts(state, other, "nonce", end, before));
  }
  CHECK_FALSE(states.accepts(state, subject, "nonce2", end, before));
  CHECK_FALSE(states.accepts(state, subject, "nonce", end + seconds{1}, before));
  CHECK_FALSE(ConsentStates{"another key"}.accepts(state, subject, "nonce", end, before));
}

TEST_CASE("what stands on the border of two parts belongs to one of them") {
  const ConsentStates states{"key"};
  const auto state = states.issue({.run = "", .tool = "ab", .client = "c", .user = "d"}, "n", end);
  CHECK_FALSE(states.accepts(state, {.run = "", .tool = "a", .client = "bc", .user = "d"}, "n", end, before));
  CHECK_FALSE(states.accepts(state, {.run = "ab", .tool = "", .client = "c", .user = "d"}, "n", end, before));
}

TEST_CASE("damaged states are refused") {
  const ConsentStates states{"key"};
  auto state = states.issue(subject, "nonce", end);
  CHECK_FALSE(states.accepts("", subject, "nonce", end, before));
  CHECK_FALSE(states.accepts(state + "A", subject, "nonce", end, before));
  CHECK_FALSE(states.accepts(state.substr(1), subject, "nonce", end, before));
  state.back() = state.back() == 'A' ? 'B' : 'A';
  CHECK_FALSE(states.accepts(state, subject, "nonce", end, before));
}
