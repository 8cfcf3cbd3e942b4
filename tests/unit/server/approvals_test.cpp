#include <algorithm>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/child_process.hpp"
#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using namespace runagents;
using model::ApprovalStatus;
using model::Scope;
using tests::Plane;
using tests::sample_action;
using tests::sample_request;
using tests::TemporaryDirectory;
using tests::yes;

model::ApprovalRequest asked(Plane& plane, const model::ApprovalRequest& request) {
  const auto stored = plane->request_approval(request);
  REQUIRE(stored.has_value());
  return *stored;
}

model::ApprovalRequest approved(Plane& plane, const model::ApprovalRequest& request, Scope scope) {
  const auto decided = plane->approve(asked(plane, request).id, yes(scope));
  REQUIRE(decided.has_value());
  return *decided;
}

bool is_granted(Plane& plane, const model::Action& action, const std::string& run_id = "RUN1") {
  const auto grant = plane->use_grant(action, run_id);
  REQUIRE(grant.has_value());
  return grant->has_value();
}

api::ApprovalFilter of_run(const std::string& run_id) {
  api::ApprovalFilter filter;
  filter.run_id = run_id;
  return filter;
}

api::ApprovalFilter in_state(ApprovalStatus status) {
  api::ApprovalFilter filter;
  filter.status = status;
  return filter;
}

// A request that is pending and whose time is over before this returns.
model::ApprovalRequest lapsed(Plane& plane) {
  auto request = sample_request();
  request.expires_at = model::now() + std::chrono::milliseconds{30};
  const auto stored = asked(plane, request);
  while (model::now() <= stored.expires_at) std::this_thread::yield();
  return stored;
}

}  // namespace

TEST_CASE("a request keeps everything that was said about it") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto wanted = sample_request();
  const auto stored = asked(plane, wanted);
  CHECK(stored.id.size() == 36);
  CHECK(stored.action_id.size() == 64);
  CHECK(stored.status == ApprovalStatus::pending);
  CHECK(stored.action.url == wanted.action.url);
  CHECK(stored.action.end_user == wanted.action.end_user);
  CHECK(stored.policy == "payments");
  CHECK(stored.rule == 2);
  CHECK(stored.body_preview == wanted.body_preview);
  CHECK(stored.body_bytes == 12);
  CHECK(stored.approver_groups == wanted.approver_groups);
  CHECK(stored.default_duration == std::chrono::hours{4});
  CHECK(stored.expires_at == wanted.expires_at);
  CHECK_FALSE(stored.scope.has_value());
  CHECK(plane->get_approval(stored.id)->id == stored.id);
  CHECK(plane->get_approval(stored.id.substr(0, 4))->id == stored.id);
}

TEST_CASE("the same action asks once, also from another run, and nothing is extended") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto first = asked(plane, sample_request("RUN1"));
  auto later = sample_request("RUN2");
  later.expires_at += std::chrono::hours{1};
  const auto second = asked(plane, later);
  CHECK(second.id == first.id);
  CHECK(second.run_id == "RUN1");
  CHECK(second.expires_at == first.expires_at);
  CHECK(plane->list_approvals({})->size() == 1);
  CHECK(plane->list_approvals(of_run("RUN2"))->size() == 1);
  CHECK(plane->list_approvals(of_run("RUN3"))->empty());
}

TEST_CASE("any difference makes it another action") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  std::set<std::string> ids{asked(plane, sample_request()).id};
  for (std::string model::Action::* member :
       {&model::Action::agent, &model::Action::tool, &model::Action::capability, &model::Action::method,
        &model::Action::url, &model::Action::end_user, &model::Action::body_sha256}) {
    auto request = sample_request();
    (request.action.*member).back() = 'z';
    CHECK(ids.insert(asked(plane, request).id).second);
  }
  auto shifted = sample_request();
  shifted.action.agent += 's';
  shifted.action.tool.erase(0, 1);
  CHECK(ids.insert(asked(plane, shifted).id).second);
}

TEST_CASE("approved once lets the very call pass one time") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  CHECK_FALSE(is_granted(plane, sample_action()));
  const auto decided = approved(plane, sample_request(), Scope::once);
  CHECK(decided.status == ApprovalStatus::approved);
  CHECK(decided.scope == Scope::once);
  CHECK(decided.approver == "grace");
  auto changed = sample_action();
  changed.body_sha256 = std::string(64, 'b');
  CHECK_FALSE(is_granted(plane, changed));
  CHECK(plane->list_grants(false)->size() == 1);
  CHECK(is_granted(plane, sample_action(), "ANOTHER-RUN"));
  CHECK_FALSE(is_granted(plane, sample_action()));
  CHECK(plane->list_grants(false)->empty());
  CHECK(plane->list_grants(true)->at(0).consumed_at.has_value());
}

TEST_CASE("approved for the run covers agent, tool and capability in that run alone") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  approved(plane, sample_request(), Scope::run);
  auto other_call = sample_action();
  other_call.url += "/2";
  other_call.body_sha256 = std::string(64, 'b');
  CHECK(is_granted(plane, other_call));
  CHECK(is_granted(plane, other_call));
  CHECK_FALSE(is_granted(plane, other_call, "RUN2"));
  for (std::string model::Action::* member :
       {&model::Action::agent, &model::Action::tool, &model::Action::capability}) {
    auto other = sample_action();
    other.*member += 'x';
    CHECK_FALSE(is_granted(plane, other));
  }
}

TEST_CASE("approved for a window covers agent, end user and tool until it closes") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto before = model::now();
  approved(plane, sample_request(), Scope::window);
  auto other_call = sample_action();
  other_call.url += "/2";
  other_call.capability = "refunds.create";
  CHECK(is_granted(plane, other_call, "RUN2"));
  CHECK(is_granted(plane, other_call, "RUN3"));
  for (std::string model::Action::* member : {&model::Action::agent, &model::Action::tool, &model::Action::end_user}) {
    auto other = sample_action();
    other.*member += 'x';
    CHECK_FALSE(is_granted(plane, other));
  }
  auto nobody = sample_action();
  nobody.end_user.clear();
  CHECK_FALSE(is_granted(plane, nobody));
  const auto grant = plane->list_grants(false)->at(0);
  CHECK(*grant.expires_at >= before + std::chrono::hours{4});
  CHECK(*grant.expires_at <= model::now() + std::chrono::hours{4});
}

TEST_CASE("a closed window is closed") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto decision = yes(Scope::window);
  decision.duration = std::chrono::seconds{1};
  REQUIRE(plane->approve(asked(plane, sample_request()).id, decision).has_value());
  const auto grants = plane->list_grants(false);
  REQUIRE(grants.has_value());
  REQUIRE(grants->size() == 1);
  while (model::now() < *grants->at(0).expires_at) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  CHECK_FALSE(is_granted(plane, sample_action()));
  CHECK(plane->list_grants(false)->empty());
}

TEST_CASE("a grant that stays is used before one that is consumed") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  approved(plane, sample_request(), Scope::once);
  auto other = sample_request();
  other.action.url += "/2";
  approved(plane, other, Scope::run);
  CHECK(is_granted(plane, sample_action()));
  CHECK(is_granted(plane, sample_action()));
  CHECK(is_granted(plane, sample_action(), "RUN2"));
  CHECK_FALSE(is_granted(plane, sample_action(), "RUN2"));
}

TEST_CASE("a revoked grant is worth nothing, and a used one cannot be revoked") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  approved(plane, sample_request(), Scope::once);
  const auto id = plane->list_grants(false)->at(0).id;
  const auto revoked = plane->revoke_grant(id.substr(0, 8));
  REQUIRE(revoked.has_value());
  CHECK(revoked->revoked_at.has_value());
  CHECK(plane->revoke_grant(id)->revoked_at == revoked->revoked_at);
  CHECK_FALSE(is_granted(plane, sample_action()));
  approved(plane, sample_request(), Scope::once);
  CHECK(is_granted(plane, sample_action()));
  for (const auto& grant : *plane->list_grants(true)) {
    if (grant.id == id) continue;
    CHECK(plane->revoke_grant(grant.id).error().code == ErrorCode::conflict);
  }
  CHECK(plane->revoke_grant("nothing").error().code == ErrorCode::not_found);
}

TEST_CASE("what is decided cannot be decided again") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto id = approved(plane, sample_request(), Scope::once).id;
  const auto again = plane->approve(id, yes());
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::conflict);
  CHECK(again.error().message.find("already APPROVED by grace") != std::string::npos);
  CHECK(plane->reject(id, "linus", "no").error().code == ErrorCode::conflict);
  CHECK(plane->expire(id)->status == ApprovalStatus::approved);
  CHECK(plane->list_grants(true)->size() == 1);
}

TEST_CASE("a rejected action is not asked for again in the same run, but in another one it is") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto id = asked(plane, sample_request("RUN1")).id;
  CHECK(asked(plane, sample_request("RUN2")).id == id);
  const auto rejected = plane->reject(id, "grace", "too much");
  REQUIRE(rejected.has_value());
  CHECK(rejected->status == ApprovalStatus::rejected);
  for (const auto* run : {"RUN1", "RUN2"}) {
    const auto again = asked(plane, sample_request(run));
    CHECK(again.id == id);
    CHECK(again.status == ApprovalStatus::rejected);
    CHECK(again.reason == "too much");
  }
  CHECK(asked(plane, sample_request("RUN3")).status == ApprovalStatus::pending);
  CHECK_FALSE(is_granted(plane, sample_action()));
}

TEST_CASE("a request whose time is over is expired for everybody who looks") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto request = lapsed(plane);
  SUBCASE("get") { CHECK(plane->get_approval(request.id)->status == ApprovalStatus::expired); }
  SUBCASE("list") {
    CHECK(plane->list_approvals(in_state(ApprovalStatus::pending))->empty());
    CHECK(plane->list_approvals(in_state(ApprovalStatus::expired))->size() == 1);
  }
  SUBCASE("approve") {
    const auto late = plane->approve(request.id, yes());
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::conflict);
    CHECK(late.error().message.find("already EXPIRED") != std::string::npos);
    CHECK(plane->list_grants(true)->empty());
    CHECK(plane->get_approval(request.id)->status == ApprovalStatus::expired);
  }
  SUBCASE("ask again") {
    const auto again = asked(plane, sample_request());
    CHECK(again.id != request.id);
    CHECK(again.status == ApprovalStatus::pending);
  }
}

TEST_CASE("a request can be expired by hand, once") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto id = asked(plane, sample_request()).id;
  CHECK(plane->expire(id)->status == ApprovalStatus::expired);
  CHECK(plane->expire(id)->status == ApprovalStatus::expired);
  CHECK(plane->approve(id, yes()).error().code == ErrorCode::conflict);
  CHECK(plane->expire("12345678").error().code == ErrorCode::not_found);
}

TEST_CASE("a decision needs an approver, and a duration needs a window") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto id = asked(plane, sample_request()).id;
  auto decision = yes();
  decision.approver.clear();
  CHECK(plane->approve(id, decision).error().code == ErrorCode::usage);
  CHECK(plane->reject(id, "", "no").error().code == ErrorCode::usage);
  decision = yes(Scope::run);
  decision.duration = std::chrono::hours{1};
  CHECK(plane->approve(id, decision).error().code == ErrorCode::usage);
  CHECK(plane->get_approval(id)->status == ApprovalStatus::pending);
}

TEST_CASE("an incomplete request is refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto request = sample_request();
  SUBCASE("run") { request.run_id.clear(); }
  SUBCASE("agent") { request.action.agent.clear(); }
  SUBCASE("tool") { request.action.tool.clear(); }
  SUBCASE("url") { request.action.url.clear(); }
  SUBCASE("hash") { request.action.body_sha256 = "abc"; }
  SUBCASE("past") { request.expires_at = model::now() - std::chrono::seconds{1}; }
  CHECK(plane->request_approval(request).error().code == ErrorCode::usage);
  CHECK(plane->list_approvals({})->empty());
}

TEST_CASE("decisions survive a restart, and so does consumption") {
  const TemporaryDirectory directory;
  {
    Plane plane{directory.path()};
    approved(plane, sample_request(), Scope::once);
  }
  {
    Plane plane{directory.path()};
    CHECK(is_granted(plane, sample_action()));
  }
  Plane plane{directory.path()};
  CHECK_FALSE(is_granted(plane, sample_action()));
}

TEST_CASE("fifty processes and one grant for one use: exactly one gets it") {
  const TemporaryDirectory directory;
  {
    Plane plane{directory.path()};
    approved(plane, sample_request(), Scope::once);
  }
  tests::Children children;
  for (int i = 0; i < 50; ++i) {
    children.add([&] {
      Plane plane{directory.path()};
      const auto grant = plane->use_grant(sample_action(), "RUN1");
      if (!grant) return 2;
      return grant->has_value() ? 1 : 0;
    });
  }
  const auto codes = children.exit_codes();
  CHECK(std::ranges::count(codes, 1) == 1);
  CHECK(std::ranges::count(codes, 0) == 49);
}

TEST_CASE("fifty threads and one grant for one use: exactly one gets it") {
  const TemporaryDirectory directory;
  {
    Plane plane{directory.path()};
    approved(plane, sample_request(), Scope::once);
  }
  std::atomic<int> got = 0;
  std::atomic<int> failed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 50; ++i) {
      threads.emplace_back([&] {
        Plane plane{directory.path()};
        const auto grant = plane->use_grant(sample_action(), "RUN1");
        if (!grant) ++failed;
        if (grant && *grant) ++got;
      });
    }
  }
  CHECK(got == 1);
  CHECK(failed == 0);
}

TEST_CASE("twenty processes that ask for the same action make one request") {
  const TemporaryDirectory directory;
  tests::Children children;
  for (int i = 0; i < 20; ++i) {
    children.add([&, i] {
      Plane plane{directory.path() / "new"};
      return plane->request_approval(sample_request("RUN" + std::to_string(i))).has_value() ? 0 : 1;
    });
  }
  const auto codes = children.exit_codes();
  CHECK(std::ranges::count(codes, 0) == 20);
  Plane plane{directory.path() / "new"};
  CHECK(plane->list_approvals({})->size() == 1);
}

TEST_CASE("of many people who decide at once, one does") {
  const TemporaryDirectory directory;
  std::string id;
  {
    Plane plane{directory.path()};
    id = asked(plane, sample_request()).id;
  }
  tests::Children children;
  for (int i = 0; i < 16; ++i) {
    children.add([&, i] {
      Plane plane{directory.path()};
      const auto decided = i % 2 == 0 ? plane->approve(id, yes()) : plane->reject(id, "linus", "no");
      if (decided) return 1;
      return decided.error().code == ErrorCode::conflict ? 0 : 2;
    });
  }
  const auto codes = children.exit_codes();
  CHECK(std::ranges::count(codes, 1) == 1);
  CHECK(std::ranges::count(codes, 0) == 15);
  Plane plane{directory.path()};
  const bool yes_won = plane->get_approval(id)->status == ApprovalStatus::approved;
  CHECK(plane->list_grants(true)->size() == (yes_won ? 1 : 0));
}
