#include "cli/runs/runs.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/audit/journal.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using runagents::tests::CommandFixture;

namespace {

constexpr const char* id = "01JABCDEFGHJKMNPQRSTVWXYZ0";

/// A run with two calls on record, whose runner lives as long as the fixture.
struct Recorded : CommandFixture {
  model::Run run = start_run(id);
  audit::Journal& journal = journals.at(run.id);
  api::RunCounts counts;

  Recorded() {
    call("allowed", "");
    call("refused", "POLICY_DENIED");
  }

  void call(std::string_view decision, std::string_view code) {
    audit::CallRecord record;
    record.tool = "stripe";
    record.method = "GET";
    record.url = "https://api.stripe.com/v1/charges";
    record.decision = decision;
    record.code = code;
    record.status = code.empty() ? 200 : 403;
    REQUIRE(journal.append(record).has_value());
    ++counts.calls;
    if (!code.empty()) ++counts.refused;
    REQUIRE(
        plane()
            .change_run(run.id, {.status = model::RunStatus::running, .exit_code = {}, .reason = {}, .counts = counts})
            .has_value());
  }

  void finish(model::RunStatus status, int code) {
    REQUIRE(plane().change_run(run.id, {.status = status, .exit_code = code, .reason = {}}).has_value());
  }

  std::vector<std::string> lines() {
    std::vector<std::string> all;
    std::istringstream stream{printed()};
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
};

}  // namespace

TEST_CASE("a run is found by its id, the beginning of it, or as the latest") {
  Recorded fixture;
  fixture.context.output.format = output::Format::name;
  for (const auto* name : {id, "01JABCDEFGHJKMNPQRSTVWXYZ", "latest"}) {
    CHECK(get_run({.id = name}, fixture.context) == 0);
    CHECK(fixture.printed() == std::string{id} + "\n");
  }
  CHECK(get_run({.id = "01ZZZZ"}, fixture.context).error().code == ErrorCode::not_found);
}

TEST_CASE("latest without any run says how to start one") {
  CommandFixture fixture;
  CHECK(get_run({.id = "latest"}, fixture.context).error().hint.contains("runagents run"));
}

TEST_CASE("export prints the recorded lines byte for byte, in both forms") {
  Recorded fixture;
  CHECK(export_run({.id = id}, fixture.context) == 0);
  const auto lines = fixture.printed();
  std::ifstream file{fixture.run.journal};
  const std::string journal{std::istreambuf_iterator<char>{file}, {}};
  CHECK(lines == journal);
  CHECK(export_run({.id = id, .format = "json"}, fixture.context) == 0);
  const auto document = nlohmann::json::parse(fixture.printed());
  CHECK(document["run"]["id"] == id);
  CHECK(document["events"].size() == 2);
}

TEST_CASE("events can be narrowed to a type and to what is new") {
  Recorded fixture;
  fixture.context.output.format = output::Format::jsonl;
  CHECK(print_events({.id = id, .type = "TOOL_CALLED"}, fixture.context) == 0);
  CHECK(fixture.lines().size() == 2);
  CHECK(print_events({.id = id, .type = "APPROVED"}, fixture.context) == 0);
  CHECK(fixture.lines().empty());
  CHECK(print_events({.id = id, .after = 1}, fixture.context) == 0);
  CHECK(fixture.lines().size() == 1);
}

TEST_CASE("following a run that is over prints all of it and ends") {
  Recorded fixture;
  fixture.finish(model::RunStatus::completed, 0);
  fixture.context.output.format = output::Format::jsonl;
  CHECK(print_events({.id = id, .follow = true}, fixture.context) == 0);
  CHECK(fixture.lines().size() == 2);
}

TEST_CASE("the timeline shows decisions and their reasons") {
  Recorded fixture;
  CHECK(print_timeline({.id = id}, fixture.context) == 0);
  const auto text = fixture.printed();
  CHECK(text.contains("GET https://api.stripe.com/v1/charges"));
  CHECK(text.contains("POLICY_DENIED"));
}

TEST_CASE("wait ends with the outcome of the run") {
  Recorded fixture;
  fixture.pauses.emplace_back([&] { fixture.finish(model::RunStatus::completed, 0); });
  CHECK(wait_for_run({.id = id}, fixture.context) == 0);
}

TEST_CASE("waiting for a run that fails ends with 9") {
  Recorded fixture;
  fixture.pauses.emplace_back([&] { fixture.finish(model::RunStatus::failed, 3); });
  CHECK(wait_for_run({.id = id}, fixture.context) == 9);
}

TEST_CASE("wait gives up when its time is over") {
  Recorded fixture;
  for (int i = 0; i < 5; ++i) fixture.pauses.emplace_back([&] { fixture.time += std::chrono::seconds{40}; });
  const auto outcome = wait_for_run({.id = id, .timeout = std::chrono::seconds{60}}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(exit_code(outcome.error().code) == 8);
}

TEST_CASE("verify proves a journal and finds a changed byte") {
  Recorded fixture;
  fixture.context.output.format = output::Format::json;
  CHECK(verify_run({.id = id}, fixture.context) == 0);
  CHECK(nlohmann::json::parse(fixture.printed())["events"] == 2);
  {
    std::fstream file{fixture.run.journal};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    text.replace(text.find("allowed"), 7, "ALLOWED");
    file.seekp(0);
    file << text;
  }
  CHECK(verify_run({.id = id}, fixture.context) == 9);
  CHECK(nlohmann::json::parse(fixture.printed())["bad_line"] == 1);
}

TEST_CASE("cancel needs leave, and can be tried out") {
  Recorded fixture;
  CHECK(cancel_run({.id = id}, fixture.context).error().code == ErrorCode::usage);
  CHECK(cancel_run({.id = id, .dry_run = true}, fixture.context) == 0);
  CHECK_FALSE(fixture.plane().get_run(id)->cancel_requested);
  CHECK(cancel_run({.id = id, .yes = true}, fixture.context) == 0);
  CHECK(fixture.plane().get_run(id)->cancel_requested);
}

TEST_CASE("a run that is over cannot be cancelled") {
  Recorded fixture;
  fixture.finish(model::RunStatus::completed, 0);
  CHECK(cancel_run({.id = id, .yes = true}, fixture.context).error().code == ErrorCode::conflict);
}
