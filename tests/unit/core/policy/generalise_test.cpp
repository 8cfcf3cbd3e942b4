#include "core/policy/generalise.hpp"

#include <doctest/doctest.h>

#include "core/policy/pattern.hpp"

using namespace runagents::policy;

namespace {

std::vector<std::string> patterns(const std::set<std::string>& paths) {
  std::vector<std::string> result;
  for (const auto& one : generalise(paths)) result.push_back(one.pattern);
  return result;
}

}  // namespace

TEST_CASE("what reads like an identifier") {
  for (const auto* one : {"1", "20240131", "ch_1", "ch_1A2b3C", "order-17", "550e8400-e29b-41d4-a716-446655440000",
                          "01HZX3V7Q0K8M2", "ada@example.com", "ada%40example.com", "5f3c9e2ab1", "a.1"}) {
    CHECK_MESSAGE(looks_like_identifier(one), one);
  }
  for (const auto* one :
       {"", "charges", "v1", "v2beta1", "oauth2", "s3", "api.v2", "me", "s3.amazonaws.com", "-1x.com"}) {
    CHECK_MESSAGE(!looks_like_identifier(one), one);
  }
}

TEST_CASE("one identifier stays what it is") {
  CHECK(patterns({"/v1/charges/ch_1"}) == std::vector<std::string>{"/v1/charges/ch_1"});
}

TEST_CASE("several identifiers in one place become a wildcard for exactly one segment") {
  const auto found = generalise({"/v1/charges/ch_1", "/v1/charges/ch_2", "/v1/charges"});
  REQUIRE(found.size() == 2);
  CHECK(found[0].pattern == "/v1/charges");
  CHECK(found[1].pattern == "/v1/charges/{id}");
  CHECK(found[1].values == std::vector<std::size_t>{2});
  CHECK(found[1].paths == std::vector<std::string>{"/v1/charges/ch_1", "/v1/charges/ch_2"});
  const auto pattern = parse_path_pattern(found[1].pattern);
  REQUIRE(pattern.has_value());
  CHECK(pattern->matches("/v1/charges/ch_3"));
  CHECK(!pattern->matches("/v1/charges/ch_3/refunds"));
  CHECK(!pattern->matches("/v1/charges"));
}

TEST_CASE("words never become a wildcard, however many there are") {
  CHECK(patterns({"/admin/users", "/admin/keys", "/admin/logs"}).size() == 3);
}

TEST_CASE("each place is judged by itself") {
  CHECK(patterns({"/users/1/orders/7", "/users/1/orders/8"}) == std::vector<std::string>{"/users/1/orders/{id}"});
  CHECK(patterns({"/users/1/orders/7", "/users/2/orders/7"}) == std::vector<std::string>{"/users/{id}/orders/7"});
  CHECK(patterns({"/users/1/orders/7", "/users/2/orders/8"}) == std::vector<std::string>{"/users/{id}/orders/{id2}"});
  CHECK(patterns({"/users/1", "/orders/1", "/users/me"}).size() == 3);
}

TEST_CASE("versions are no identifiers") { CHECK(patterns({"/v1/x", "/v2/x"}).size() == 2); }

TEST_CASE("a path with a wildcard's characters becomes no pattern") {
  CHECK(patterns({"/a/*", "/a/**", "/a/{id}", "/*/b", "/a/b"}) == std::vector<std::string>{"/a/b"});
}

TEST_CASE("empty segments and the root are kept") {
  CHECK(patterns({"/", "/a/", "/a//b"}) == std::vector<std::string>{"/", "/a/", "/a//b"});
}
