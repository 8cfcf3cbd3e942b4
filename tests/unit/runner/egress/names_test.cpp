#include "runner/egress/names.hpp"

#include <array>
#include <doctest/doctest.h>

namespace runagents::egress {
namespace {

model::Tool tool(const std::string& scheme, const std::string& host) {
  model::Tool made;
  made.base_url = {scheme, host, 443, {}};
  return made;
}

TEST_CASE("every registered name has a loopback address of its own") {
  const auto one = tool("https", "api.example.com");
  const auto again = tool("https", "api.example.com");
  const auto other = tool("tcp", "db.example.com");
  const auto local = tool("http", "localhost");
  const auto literal = tool("https", "203.0.113.9");
  const auto builtin = tool("builtin", "echo");
  const std::array<const model::Tool*, 6> tools{&one, &again, &other, &local, &literal, &builtin};
  const Names names{tools};
  const auto first = names.address_of("api.example.com");
  const auto second = names.address_of("db.example.com");
  REQUIRE(first);
  REQUIRE(second);
  CHECK(*first != *second);
  CHECK(first->is_loopback());
  CHECK(names.host_at(*first) == "api.example.com");
  CHECK(names.host_at(*second) == "db.example.com");
  CHECK(names.address_of("localhost") == Names::Address::loopback());
  CHECK(names.host_at(Names::Address::loopback()).empty());
  for (const auto* unknown : {"evil.example", "203.0.113.9", "echo", ""}) CHECK_FALSE(names.address_of(unknown));
  CHECK(names.all().size() == 2);
}

}  // namespace
}  // namespace runagents::egress
