#include "runner/egress/observe.hpp"

#include <doctest/doctest.h>

#include "core/http/own_address.hpp"
#include "runner/egress/stages.hpp"
#include "runner/egress/unregistered_hosts.hpp"
#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using enum model::RefusalCode;
using runagents::egress::tests::get;
using runagents::egress::tests::Sample;

namespace {

std::string request_for(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto host = url.substr(begin, url.find('/', begin) - begin);
  return "GET " + url + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

/// A call through the forward proxy of a run that observes.
struct Observed : Sample {
  explicit Observed(const std::string& url) : Sample{request_for(url)} {
    snapshot->unregistered = &hosts;
    arrival.door = Door::forward;
    arrival.tool = nullptr;
    REQUIRE(parsed);
    REQUIRE(read_target(*snapshot, call));
  }
  UnregisteredHosts hosts;
};

}  // namespace

TEST_CASE("what would refuse a call counts before what would hold it, and the first before the next") {
  Call call;
  observe(call, approval_required);
  CHECK(call.observed == approval_required);
  observe(call, capability_not_declared);
  CHECK(call.observed == capability_not_declared);
  observe(call, policy_denied);
  CHECK(call.observed == capability_not_declared);
}

TEST_CASE("a host that no tool has becomes an upstream without credential, for public addresses, once") {
  Observed one{"https://other.example.com/x"};
  REQUIRE(identify_tool(*one.snapshot, one.call));
  CHECK(one.call.observed == tool_not_registered);
  REQUIRE(one.call.tool != nullptr);
  CHECK_FALSE(one.call.tool->is_registered);
  CHECK(one.call.tool->auth.type == model::AuthType::none);
  CHECK(one.call.tool->network == model::Network::public_only);
  CHECK(one.call.tool == one.hosts.find("https", "other.example.com", 443));
  CHECK(one.call.tool != one.hosts.find("http", "other.example.com", 443));
  CHECK(evaluate_policy(*one.snapshot, one.call));
  CHECK(enforce_capability(*one.snapshot, one.call));
  CHECK(one.call.observed == tool_not_registered);
}

TEST_CASE("a registered tool is itself, observed or not") {
  Observed one{"https://api.example.com/v1/x"};
  REQUIRE(identify_tool(*one.snapshot, one.call));
  CHECK(one.call.tool->is_registered);
  CHECK_FALSE(one.call.observed.has_value());
}

TEST_CASE("without observing nothing passes that is not registered") {
  Observed one{"https://other.example.com/x"};
  one.snapshot->unregistered = nullptr;
  const auto verdict = identify_tool(*one.snapshot, one.call);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().code == tool_not_registered);
}

TEST_CASE("hosts that are no tool are counted") {
  UnregisteredHosts hosts;
  for (std::size_t i = 0; i < UnregisteredHosts::max_hosts; ++i) {
    REQUIRE(hosts.find("http", "h" + std::to_string(i) + ".example.com", 80) != nullptr);
  }
  CHECK(hosts.find("http", "one.too.many", 80) == nullptr);
  CHECK(hosts.find("http", "h7.example.com", 80) != nullptr);
}

TEST_CASE("addresses of this machine are told from others") {
  using boost::asio::ip::make_address;
  CHECK(http::is_own_address(make_address("127.0.0.1")));
  CHECK(http::is_own_address(make_address("::ffff:127.0.0.1")));
  CHECK_FALSE(http::is_own_address(make_address("192.0.2.1")));
}
