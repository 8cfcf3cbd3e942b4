#include "cli/approvals/approvals.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cli/approvals/approval_card.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using model::ApprovalStatus;
using runagents::tests::CommandFixture;

namespace {

struct Approvals : CommandFixture {
  model::Run run = start_run("01JABCDEFGHJKMNPQRSTVWXYZ0");
  model::ApprovalRequest request = ask(run.id, "https://api.stripe.com/v1/refunds");

  ApprovalStatus status() { return plane().get_approval(request.id)->status; }
};

}  // namespace

TEST_CASE("approve decides and prints the changed request") {
  Approvals fixture;
  fixture.context.output.format = output::Format::json;
  const auto outcome =
      approve({.ids = {fixture.request.id.substr(0, 8)}, .scope = "run", .reason = "fine"}, fixture.context);
  CHECK(outcome == 0);
  const auto object = nlohmann::json::parse(fixture.printed());
  CHECK(object["id"] == fixture.request.id);
  CHECK(object["status"] == "APPROVED");
  const auto decided = fixture.plane().get_approval(fixture.request.id).value();
  CHECK(decided.scope == model::Scope::run);
  CHECK(decided.approver == local_user());
  CHECK(decided.reason == "fine");
}

TEST_CASE("a window lasts as long as was said") {
  Approvals fixture;
  CHECK(approve({.ids = {fixture.request.id}, .scope = "window", .duration = std::chrono::hours{4}}, fixture.context) ==
        0);
  const auto grants = fixture.plane().list_grants(false).value();
  REQUIRE(grants.size() == 1);
  CHECK(*grants[0].expires_at - grants[0].created_at == std::chrono::hours{4});
}

TEST_CASE("a duration without a window is refused and decides nothing") {
  Approvals fixture;
  const auto outcome = approve({.ids = {fixture.request.id}, .duration = std::chrono::hours{4}}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::usage);
  CHECK(fixture.status() == ApprovalStatus::pending);
}

TEST_CASE("one unknown id among several decides nothing") {
  Approvals fixture;
  const auto outcome = approve({.ids = {fixture.request.id, "ffffffff-0000"}}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::not_found);
  CHECK(fixture.status() == ApprovalStatus::pending);
}

TEST_CASE("several requests are decided at once") {
  Approvals fixture;
  const auto second = fixture.ask(fixture.run.id, "https://api.stripe.com/v1/payouts");
  CHECK(approve({.ids = {fixture.request.id, second.id}}, fixture.context) == 0);
  CHECK(fixture.status() == ApprovalStatus::approved);
  CHECK(fixture.plane().get_approval(second.id)->status == ApprovalStatus::approved);
}

TEST_CASE("a dry run shows the request and changes nothing") {
  Approvals fixture;
  CHECK(approve({.ids = {fixture.request.id}, .dry_run = true}, fixture.context) == 0);
  CHECK(reject({.ids = {fixture.request.id}, .dry_run = true}, fixture.context) == 0);
  CHECK(fixture.printed().contains("would be approved"));
  CHECK(fixture.status() == ApprovalStatus::pending);
}

TEST_CASE("a decided request cannot be decided again") {
  Approvals fixture;
  CHECK(reject({.ids = {fixture.request.id}, .reason = "wrong customer"}, fixture.context) == 0);
  const auto outcome = approve({.ids = {fixture.request.id}}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::conflict);
  CHECK(fixture.status() == ApprovalStatus::rejected);
}

TEST_CASE("inside a run nothing can be decided") {
  Approvals fixture;
  fixture.variables["RUNAGENTS_RUN_ID"] = fixture.run.id;
  for (const auto& outcome :
       {approve({.ids = {fixture.request.id}}, fixture.context), reject({.ids = {fixture.request.id}}, fixture.context),
        revoke_grants({.ids = {"x"}, .yes = true}, fixture.context)}) {
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == ErrorCode::forbidden);
    CHECK(exit_code(outcome.error().code) == 4);
  }
  CHECK(fixture.status() == ApprovalStatus::pending);
}

TEST_CASE("a descendant of a living runner is refused though it dropped the variable") {
  Approvals fixture;
  fixture.start_run("01JABCDEFGHJKMNPQRSTVWXYZ1", 4711);
  fixture.parents = {900, 4711, 12};
  const auto outcome = approve({.ids = {fixture.request.id}}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::forbidden);
  CHECK(fixture.status() == ApprovalStatus::pending);
}

TEST_CASE("a process number that a dead runner left behind keeps nobody from deciding") {
  Approvals fixture;
  fixture.start_run("01JABCDEFGHJKMNPQRSTVWXYZ1", 4711);
  fixture.parents = {4711};
  fixture.context.journal_is_held = [](const std::filesystem::path&) { return false; };
  CHECK(approve({.ids = {fixture.request.id}}, fixture.context) == 0);
}

TEST_CASE("the card tells what happens, to whom, with which body, and what each scope means") {
  Approvals fixture;
  CHECK(get_approval({.id = fixture.request.id}, fixture.context) == 0);
  const auto card = fixture.printed();
  for (const auto* expected :
       {"POST https://api.stripe.com/v1/refunds", "billing-agent", "ada@example.com", "refunds.create",
        "payments, rule 2", "\"amount\": 5", "SHA-256", "once", "run", "window", "runagents approvals approve"}) {
    CAPTURE(expected);
    CHECK(card.contains(expected));
  }
}

TEST_CASE("a call cannot repaint the card that a person decides by") {
  Approvals fixture;
  auto hostile = fixture.request;
  hostile.action.url = "https://x/\x1b[2J\u202e";
  hostile.body_preview = "a\x1b]0;t\x07\nPENDING";
  const auto card = approval_card(hostile, fixture.time, false);
  CHECK_FALSE(card.contains('\x1b'));
  CHECK_FALSE(card.contains("\u202e"));
  CHECK(card.contains("  | PENDING"));
}

TEST_CASE("a list can be narrowed by status") {
  Approvals fixture;
  fixture.context.output.format = output::Format::name;
  CHECK(list_approvals({.status = "approved"}, fixture.context) == 0);
  CHECK(fixture.printed().empty());
  CHECK(list_approvals({.status = "pending"}, fixture.context) == 0);
  CHECK(fixture.printed() == fixture.request.id + "\n");
}

TEST_CASE("watch prints each new request once, as a line") {
  Approvals fixture;
  fixture.context.output.format = output::Format::json;
  model::ApprovalRequest second;
  fixture.pauses.emplace_back([&] { second = fixture.ask(fixture.run.id, "https://api.stripe.com/v1/payouts"); });
  fixture.pauses.emplace_back([] {});
  CHECK(watch_approvals({}, fixture.context) == 0);
  std::istringstream lines{fixture.printed()};
  std::vector<std::string> ids;
  for (std::string line; std::getline(lines, line);) ids.push_back(nlohmann::json::parse(line)["id"]);
  CHECK(ids == std::vector{fixture.request.id, second.id});
}

TEST_CASE("watch ends when its time is over") {
  Approvals fixture;
  for (int i = 0; i < 3; ++i) fixture.pauses.emplace_back([&] { fixture.time += std::chrono::minutes{1}; });
  CHECK(watch_approvals({.timeout = std::chrono::minutes{2}}, fixture.context) == 0);
  CHECK(fixture.pauses.size() == 1);
}

TEST_CASE("revoking asks on a terminal, and needs --yes elsewhere") {
  Approvals fixture;
  REQUIRE(approve({.ids = {fixture.request.id}, .scope = "run"}, fixture.context) == 0);
  const auto grant = fixture.plane().list_grants(false)->front().id;
  const auto refused = revoke_grants({.ids = {grant}}, fixture.context);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::usage);
  CHECK(refused.error().hint == "add --yes");

  fixture.terminal.in_is_terminal = fixture.terminal.err_is_terminal = true;
  fixture.in.str("n\n");
  CHECK_FALSE(revoke_grants({.ids = {grant}}, fixture.context).has_value());
  CHECK(fixture.plane().list_grants(false)->size() == 1);
  fixture.in.str("y\n");
  CHECK(revoke_grants({.ids = {grant}}, fixture.context) == 0);
  CHECK(fixture.plane().list_grants(false)->empty());
  CHECK(fixture.plane().list_grants(true)->size() == 1);
}

TEST_CASE("a dry run of revoke leaves the grant in force") {
  Approvals fixture;
  REQUIRE(approve({.ids = {fixture.request.id}, .scope = "run"}, fixture.context) == 0);
  const auto grant = fixture.plane().list_grants(false)->front().id;
  CHECK(revoke_grants({.ids = {grant.substr(0, 8)}, .dry_run = true}, fixture.context) == 0);
  CHECK(fixture.plane().list_grants(false)->size() == 1);
}
