#include "server/service/name_list.hpp"

#include <array>
#include <doctest/doctest.h>
#include <string_view>

#include "server/embedded.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::server {
namespace {

constexpr std::array<std::string_view, 15> kinds = {"runs",
                                                    "agents",
                                                    "pending_approvals",
                                                    "decided_approvals",
                                                    "approval_grants",
                                                    "approval_connectors",
                                                    "consents",
                                                    "secrets",
                                                    "agent_accounts",
                                                    "delegations",
                                                    "mcp_servers",
                                                    "users",
                                                    "api_keys",
                                                    "identity_provider",
                                                    "policy"};

void check_kinds(const std::filesystem::path& file) {
  auto store = store::Glance::open(file);
  REQUIRE(store);
  for (const auto kind : kinds) {
    CAPTURE(kind);
    CHECK(list_names(*store, kind));
  }
  CHECK(list_names(*store, "nothing").error().code == ErrorCode::usage);
}

TEST_CASE("every kind of name can be asked of a store, with its log beside it and without") {
  const tests::TemporaryDirectory directory;
  const auto file = directory.path() / "runagents.db";
  {
    const auto plane = open_embedded(directory.path());
    REQUIRE(plane);
    check_kinds(file);
  }
  check_kinds(file);
}

TEST_CASE("a look at a store makes none") {
  const tests::TemporaryDirectory directory;
  CHECK(store::Glance::open(directory.path() / "runagents.db").error().code == ErrorCode::not_found);
  CHECK(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace runagents::server
