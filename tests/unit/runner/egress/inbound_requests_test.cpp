#include "runner/egress/inbound_requests.hpp"

#include <doctest/doctest.h>

#include "runner/egress/stages.hpp"
#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using runagents::egress::tests::get;
using runagents::egress::tests::Sample;

namespace {

std::shared_ptr<const EndUser> user(const std::string& id) {
  return std::make_shared<const EndUser>(EndUser{.id = id, .groups = {}, .token = nullptr});
}

std::string trace(char digit) { return std::string(32, digit); }
std::string traceparent(char digit) { return "00-" + trace(digit) + "-" + std::string(16, 'c') + "-01"; }

/// What the stage says of a call with these fields, while Ada (request A, trace a) and Bob (B, b) are being served.
std::string decide(const std::string& fields, model::Auth auth = {}) {
  InboundRequests inbound;
  inbound.begin({.id = "A", .trace_id = trace('a'), .user = user("ada")});
  inbound.begin({.id = "B", .trace_id = trace('b'), .user = user("bob")});
  Sample sample{get(fields), std::move(auth)};
  REQUIRE(sample.parsed);
  sample.snapshot->inbound = &inbound;
  sample.call.tool = sample.arrival.tool;
  const auto verdict = resolve_identity(*sample.snapshot, sample.call);
  if (!verdict) return std::string{model::traits(verdict.error().code).word};
  return std::string{sample.call.end_user} + (sample.call.may_be_for.empty() ? "" : "?");
}

}  // namespace

// W3C Trace Context, section 3.2.
TEST_CASE("a traceparent has one reading") {
  CHECK(trace_id_of(traceparent('a')) == trace('a'));
  CHECK(trace_id_of("01" + traceparent('a').substr(2) + "-what-comes-later") == trace('a'));
  for (const std::string& text :
       {std::string{}, "00-" + trace('0') + "-" + std::string(16, 'c') + "-01", traceparent('a') + "-x",
        "ff" + traceparent('a').substr(2), "00-" + trace('A') + "-" + std::string(16, 'c') + "-01",
        "00-" + trace('a') + "-" + std::string(16, '0') + "-01", traceparent('a').substr(1), traceparent('a') + "0",
        "0x" + traceparent('a').substr(2), "01" + traceparent('a').substr(2) + "x"}) {
    CAPTURE(text);
    CHECK(trace_id_of(text).empty());
  }
}

TEST_CASE("what a call says selects among those who are being served") {
  CHECK(decide("") == "?");
  CHECK(decide("traceparent: " + traceparent('a') + "\r\n") == "ada");
  CHECK(decide("X-Request-Id: B\r\n") == "bob");
  CHECK(decide("X-End-User-ID: bob\r\n") == "bob");
  CHECK(decide("x_end_user_id: bob\r\n") == "bob");
  CHECK(decide("X-Request-Id: A\r\nX-End-User-ID: ada\r\n") == "ada");
  CHECK(decide("X-Request-Id: unknown\r\ntraceparent: " + traceparent('f') + "\r\n") == "?");
}

TEST_CASE("contradictions are forgeries") {
  CHECK(decide("X-End-User-ID: eve\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-End-User-ID:\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-End-User-ID: Ada\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-End-User-ID: ada\r\nX-End-User-ID: bob\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-Request-Id: A\r\nX-End-User-ID: bob\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-Request-Id: A\r\ntraceparent: " + traceparent('b') + "\r\n") == "IDENTITY_FORGED");
  CHECK(decide("X-Request-Id: A\r\nX-Request-Id: B\r\n") == "IDENTITY_FORGED");
}

TEST_CASE("a tool that needs a user is not called for one that is not known") {
  model::Auth auth;
  auth.type = model::AuthType::agent_token;
  auth.on_behalf_of = "end_user";
  CHECK(decide("", auth) == "IDENTITY_AMBIGUOUS");
  CHECK(decide("X-Request-Id: A\r\n", auth) == "ada");
}

TEST_CASE("requests are in flight until they are answered, and known for a while longer") {
  InboundRequests inbound;
  const InboundRequests::Time start{};
  CHECK(inbound.empty());
  inbound.begin({.id = "A", .trace_id = trace('a'), .user = user("ada")});
  inbound.begin({.id = "A2", .trace_id = trace('d'), .user = user("ada")});
  inbound.begin({.id = "N", .trace_id = trace('e'), .user = nullptr});
  CHECK(inbound.users().size() == 2);
  inbound.end("N", start);
  inbound.end("A", start);
  inbound.end("A", start);
  REQUIRE(inbound.users().size() == 1);
  CHECK(inbound.users().front()->id == "ada");
  inbound.end("A2", start);
  CHECK(inbound.empty());
  REQUIRE(inbound.by_id("A", start) != nullptr);
  CHECK(inbound.by_trace(trace('a'), start)->user->id == "ada");
  CHECK(inbound.by_id("A", start + InboundRequests::memory) == nullptr);
  CHECK(inbound.by_trace(trace('a'), start + InboundRequests::memory) == nullptr);
  CHECK(inbound.by_id("B", start) == nullptr);
}

TEST_CASE("what is remembered is bounded") {
  InboundRequests inbound;
  const InboundRequests::Time start{};
  const auto total = InboundRequests::max_remembered + 10;
  for (std::size_t i = 0; i < total; ++i) {
    const auto id = std::to_string(i);
    inbound.begin({.id = id, .trace_id = "t" + id, .user = user("u" + id)});
    inbound.end(id, start);
  }
  CHECK(inbound.by_id("9", start) == nullptr);
  CHECK(inbound.by_trace("t9", start) == nullptr);
  CHECK(inbound.by_id("10", start) != nullptr);
}
