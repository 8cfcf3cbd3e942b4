#include <algorithm>
#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <fstream>
#include <signal.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "core/audit/journal.hpp"
#include "core/audit/journal_reader.hpp"
#include "tests/unit/child_process.hpp"
#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using namespace runagents;
using model::RunStatus;
using tests::Plane;
using tests::TemporaryDirectory;

model::Run sample_run(const std::string& id, const std::filesystem::path& journal = {}) {
  model::Run run;
  run.id = id;
  run.agent = "billing-agent";
  run.command = {"python3", "agent.py", "--x=\"y\""};
  run.end_user = "ada@example.org";
  run.isolation = "none";
  run.project_file = "/tmp/runagents.toml";
  run.journal = journal.string();
  run.runner_pid = 4711;
  return run;
}

std::string event(std::uint64_t seq, const std::string& type = "TOOL_CALLED", const std::string& decision = "allowed") {
  return R"({"seq":)" + std::to_string(seq) + R"(,"type":")" + type + R"(","decision":")" + decision +
         R"(","url":"a\"},{\\\u0041,["})";
}

template <class Fill>
api::RunFilter filter(Fill fill) {
  api::RunFilter wanted;
  fill(wanted);
  return wanted;
}

template <class Fill>
api::EventQuery query(Fill fill) {
  api::EventQuery wanted;
  fill(wanted);
  return wanted;
}

void append_call(audit::Journal& journal, std::string_view decision) {
  audit::CallRecord record;
  record.decision = decision;
  record.url = "https://a.example/\"x\"";
  REQUIRE(journal.append(record).has_value());
}

audit::Journal journal_at(const std::filesystem::path& file) {
  auto journal = audit::Journal::create(file, "RUN1", "billing-agent");
  REQUIRE(journal.has_value());
  return std::move(*journal);
}

}  // namespace

TEST_CASE("a run keeps what it was created with") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto run = sample_run("01JRUN");
  REQUIRE(plane->create_run(run).has_value());
  const auto stored = plane->get_run("01JRUN");
  REQUIRE(stored.has_value());
  CHECK(stored->agent == run.agent);
  CHECK(stored->command == run.command);
  CHECK(stored->end_user == run.end_user);
  CHECK(stored->isolation == "none");
  CHECK(stored->project_file == run.project_file);
  CHECK(stored->runner_pid == 4711);
  CHECK(stored->status == RunStatus::running);
  CHECK_FALSE(stored->exit_code.has_value());
  CHECK_FALSE(stored->finished_at.has_value());
  CHECK_FALSE(stored->cancel_requested);
  CHECK(plane->create_run(run).error().code == ErrorCode::conflict);
  CHECK(plane->create_run(sample_run("")).error().code == ErrorCode::usage);
  CHECK(plane->create_run(sample_run("../x")).error().code == ErrorCode::usage);
}

TEST_CASE("a command that is no UTF-8 does not keep a run from being recorded") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto run = sample_run("01JRUN");
  run.command = {"\xff\xfe"};
  CHECK(plane->create_run(run).has_value());
}

TEST_CASE("a run pauses, goes on and ends, and its end is final") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("01JRUN")).has_value());
  using enum RunStatus;
  for (const RunStatus status : {paused_approval, paused_consent, paused_approval, paused_approval, running, running}) {
    CHECK(plane->change_run("01JRUN", {status, {}, {}})->status == status);
  }
  const auto ended = plane->change_run("01JRUN", {failed, 3, "exit status 3"});
  REQUIRE(ended.has_value());
  CHECK(ended->exit_code == 3);
  CHECK(ended->reason == "exit status 3");
  CHECK(ended->finished_at.has_value());
  for (const RunStatus status : {running, paused_approval, completed, failed, cancelled}) {
    const auto refused = plane->change_run("01JRUN", {status, {}, {}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK(refused.error().message == "invalid transition from FAILED to " + std::string{word(status)});
  }
  CHECK(plane->get_run("01JRUN")->exit_code == 3);
}

TEST_CASE("runs are listed newest first and filtered") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (int i = 0; i < 60; ++i) {
    auto run = sample_run("01JRUN" + std::to_string(100 + i));
    if (i % 2 == 0) run.agent = "other";
    REQUIRE(plane->create_run(run).has_value());
  }
  REQUIRE(plane->change_run("01JRUN100", {RunStatus::completed, 0, {}}).has_value());
  CHECK(plane->list_runs({})->size() == 50);
  CHECK(plane->list_runs(filter([](auto& f) { f.limit = 0; }))->size() == 60);
  CHECK(plane->list_runs({})->front().id == "01JRUN159");
  CHECK(plane->list_runs(filter([](auto& f) { f.agent = "other"; }))->size() == 30);
  CHECK(plane->list_runs(filter([](auto& f) { f.status = RunStatus::completed; }))->size() == 1);
  CHECK(plane
            ->list_runs(filter([](auto& f) {
              f.agent = "other";
              f.status = RunStatus::running;
              f.limit = 7;
            }))
            ->size() == 7);
  CHECK(plane->list_runs(filter([](auto& f) { f.end_user = "nobody"; }))->empty());
}

TEST_CASE("ids may be shortened as long as they are unambiguous") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (const auto* id : {"01JAAAA1", "01JAAAA2", "01JBBBB1", "01JBBBB12"}) {
    REQUIRE(plane->create_run(sample_run(id)).has_value());
  }
  CHECK(plane->get_run("01JAAAA1")->id == "01JAAAA1");
  CHECK(plane->get_run("01jaaaa2")->id == "01JAAAA2");
  CHECK(plane->get_run("01JBBBB1")->id == "01JBBBB1");
  CHECK(plane->get_run("01JBBBB12")->id == "01JBBBB12");
  const auto ambiguous = plane->get_run("01JA");
  REQUIRE_FALSE(ambiguous.has_value());
  CHECK(ambiguous.error().code == ErrorCode::conflict);
  CHECK(ambiguous.error().message == "run \"01JA\" is ambiguous: 01JAAAA1, 01JAAAA2");
  CHECK(plane->get_run("01J").error().code == ErrorCode::not_found);
  CHECK(plane->get_run("%").error().code == ErrorCode::not_found);
  CHECK(plane->get_run("01JA%").error().code == ErrorCode::not_found);
  CHECK(plane->get_run("' OR 1=1 --").error().code == ErrorCode::not_found);
}

TEST_CASE("cancelling leaves a wish that the runner sees") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("01JRUN")).has_value());
  CHECK(plane->cancel_run("01JRUN")->cancel_requested);
  CHECK(plane->cancel_run("01JRUN")->cancel_requested);
  const auto seen = plane->get_run("01JRUN");
  CHECK(seen->cancel_requested);
  CHECK(seen->status == RunStatus::running);
  REQUIRE(plane->change_run("01JRUN", {RunStatus::cancelled, 130, {}}).has_value());
  CHECK(plane->cancel_run("01JRUN").error().code == ErrorCode::conflict);
}

TEST_CASE("events come back byte for byte, in order, and are counted") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("01JRUN")).has_value());
  const std::vector<std::string> lines = {event(1, "RUN_CREATED", ""), event(2), event(3, "TOOL_CALLED", "refused"),
                                          event(4, "TOOL_CALLED", "approved")};
  REQUIRE(plane->append_events("01JRUN", lines).has_value());
  const std::vector<std::string> more = {event(5)};
  REQUIRE(plane->append_events("01JRUN", more).has_value());
  auto all = lines;
  all.push_back(more[0]);
  CHECK(*plane->events("01JRUN", {}) == all);
  const auto run = plane->get_run("01JRUN");
  CHECK(run->calls == 4);
  CHECK(run->refused == 1);
  CHECK(run->approved == 1);
  CHECK(*plane->events("01JRUN", query([](auto& q) { q.after_seq = 3; })) == std::vector<std::string>{all[3], all[4]});
  CHECK(*plane->events("01JRUN", query([](auto& q) { q.limit = 2; })) == std::vector<std::string>{all[0], all[1]});
  CHECK(*plane->events("01JRUN", query([](auto& q) {
                         q.after_seq = 1;
                         q.limit = 1;
                       })) == std::vector<std::string>{all[1]});
  CHECK(*plane->events("01JRUN", query([](auto& q) { q.type = "RUN_CREATED"; })) == std::vector<std::string>{all[0]});
  CHECK(plane->events("01JRUN", query([](auto& q) { q.after_seq = 5; }))->empty());
  CHECK(plane->events("01JRUN", query([](auto& q) { q.after_seq = ~std::uint64_t{0} / 2; }))->empty());
}

TEST_CASE("events that are there already are left alone, and gaps are refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("01JRUN")).has_value());
  REQUIRE(plane->append_events("01JRUN", std::vector{event(1), event(2)}).has_value());
  REQUIRE(plane->append_events("01JRUN", std::vector{event(1, "X"), event(2, "X"), event(3)}).has_value());
  REQUIRE(plane->append_events("01JRUN", std::vector{event(1, "X")}).has_value());
  CHECK(*plane->events("01JRUN", {}) == std::vector{event(1), event(2), event(3)});
  CHECK(plane->get_run("01JRUN")->calls == 3);
  CHECK(plane->append_events("01JRUN", std::vector{event(5)}).error().code == ErrorCode::conflict);
  CHECK(plane->append_events("01JRUN", std::vector{event(4), event(6)}).error().code == ErrorCode::conflict);
  CHECK(plane->append_events("01JRUN", std::vector<std::string>{"{}"}).error().code == ErrorCode::usage);
  CHECK(plane->append_events("01JRUN", std::vector<std::string>{R"({"seq":4,)"}).error().code == ErrorCode::usage);
  CHECK(plane->append_events("01JRUN", std::vector<std::string>{R"({"seq":-4})"}).error().code == ErrorCode::usage);
  CHECK(plane->append_events("01JRUN", std::vector<std::string>{"{\"seq\":4,\n\"a\":1}"}).error().code ==
        ErrorCode::usage);
  CHECK(plane->append_events("NONE", std::vector{event(1)}).error().code == ErrorCode::not_found);
  CHECK(plane->events("01JRUN", {})->size() == 3);
}

TEST_CASE("waiting for events ends with the first one, with the run, or with the time") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("01JRUN")).has_value());
  using std::chrono::steady_clock;
  SUBCASE("time") {
    const auto start = steady_clock::now();
    CHECK(plane->events("01JRUN", query([](auto& q) { q.wait = std::chrono::milliseconds{100}; }))->empty());
    CHECK(steady_clock::now() - start >= std::chrono::milliseconds{100});
  }
  SUBCASE("an event") {
    const std::jthread writer{[&] {
      Plane other{directory.path()};
      CHECK(other->append_events("01JRUN", std::vector{event(1)}).has_value());
    }};
    CHECK(plane->events("01JRUN", query([](auto& q) { q.wait = std::chrono::seconds{50}; }))->size() == 1);
  }
  SUBCASE("the run's end") {
    const std::jthread writer{[&] {
      Plane other{directory.path()};
      CHECK(other->change_run("01JRUN", {RunStatus::completed, 0, {}}).has_value());
    }};
    const auto start = steady_clock::now();
    const auto events = plane->events("01JRUN", query([](auto& q) { q.wait = std::chrono::seconds{50}; }));
    REQUIRE_MESSAGE(events.has_value(), events.error().message);
    CHECK(events->empty());
    CHECK(steady_clock::now() - start < std::chrono::seconds{40});
  }
}

TEST_CASE("events of a run whose journal is here are read from it as it grows, complete lines only") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto file = directory / "run.jsonl";
  auto journal = journal_at(file);
  REQUIRE(plane->create_run(sample_run("RUN1", file)).has_value());
  CHECK(plane->events("RUN1", {})->empty());
  append_call(journal, "allowed");
  append_call(journal, "refused");
  CHECK(plane->events("RUN1", {})->size() == 2);
  CHECK(plane->events("RUN1", query([](auto& q) { q.after_seq = 2; }))->empty());
  append_call(journal, "allowed");
  CHECK(plane->events("RUN1", query([](auto& q) { q.after_seq = 2; }))->size() == 1);
  CHECK(plane->events("RUN1", query([](auto& q) { q.after_seq = 1; }))->size() == 2);
  CHECK(plane->events("RUN1", query([](auto& q) { q.limit = 1; }))->size() == 1);
  CHECK(plane->events("RUN1", {})->size() == 3);
  std::ofstream{file, std::ios::app} << R"({"seq":4,"type":"TOOL_CALLED")";
  CHECK(plane->events("RUN1", {})->size() == 3);
}

TEST_CASE("a long journal is read by batches") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto file = directory / "run.jsonl";
  auto journal = journal_at(file);
  REQUIRE(plane->create_run(sample_run("RUN1", file)).has_value());
  audit::CallRecord record;
  const std::string url = "https://a.example/" + std::string(1000, 'x');
  record.url = url;
  for (int i = 0; i < 3000; ++i) REQUIRE(journal.append(record).has_value());
  CHECK(plane->events("RUN1", query([](auto& q) { q.after_seq = 2990; }))->size() == 10);
  CHECK(plane->events("RUN1", {})->size() == 3000);
}

TEST_CASE("a change of a run may say what its calls add up to") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("RUN1")).has_value());
  api::RunChange change;
  change.counts = api::RunCounts{.calls = 5, .refused = 2, .approved = 1};
  REQUIRE(plane->change_run("RUN1", change).has_value());
  const auto run = plane->get_run("RUN1");
  CHECK(run->calls == 5);
  CHECK(run->refused == 2);
  CHECK(run->approved == 1);
}

TEST_CASE("a run whose runner was killed is closed by the next one who looks") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t runner = ::fork();
  REQUIRE(runner >= 0);
  if (runner == 0) {
    auto journal = audit::Journal::create(file, "RUN1", "billing-agent");
    Plane plane{directory.path()};
    const bool ready = journal && plane->create_run(sample_run("RUN1", file)) && journal->append(audit::CallRecord{});
    if (!ready || ::write(pipe[1], "x", 1) != 1) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(pipe[0], &byte, 1) == 1);
  Plane plane{directory.path()};
  CHECK(plane->list_runs({})->at(0).status == RunStatus::running);

  ::kill(runner, SIGKILL);
  ::waitpid(runner, nullptr, 0);
  ::close(pipe[0]);
  ::close(pipe[1]);
  SUBCASE("list") { CHECK(plane->list_runs({})->at(0).status == RunStatus::failed); }
  SUBCASE("get") { CHECK(plane->get_run("RUN1")->status == RunStatus::failed); }
  SUBCASE("events") {
    CHECK(plane->events("RUN1", query([](auto& q) { q.wait = std::chrono::seconds{50}; }))->size() == 1);
  }
  SUBCASE("approvals") { CHECK(plane->list_approvals({})->empty()); }
  SUBCASE("cancel") { CHECK(plane->cancel_run("RUN1").error().code == ErrorCode::conflict); }
  SUBCASE("many at once") {
    tests::Children children;
    for (int i = 0; i < 10; ++i) {
      children.add([&] {
        Plane other{directory.path()};
        return other->list_runs({})->at(0).status == RunStatus::failed ? 0 : 1;
      });
    }
    CHECK(std::ranges::count(children.exit_codes(), 0) == 10);
  }
  const auto closed = plane->get_run("RUN1");
  CHECK(closed->status == RunStatus::failed);
  CHECK(closed->reason == "runner lost");
  CHECK(closed->calls == 1);
  CHECK(closed->finished_at.has_value());
}

TEST_CASE("a lost run whose journal is gone or bad is closed too, and says so") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(sample_run("RUN1", directory / "missing")).has_value());
  std::ofstream{directory / "bad"} << "garbage\n";
  REQUIRE(plane->create_run(sample_run("RUN2", directory / "bad")).has_value());
  for (const auto& run : *plane->list_runs({})) {
    CHECK(run.status == RunStatus::failed);
    CHECK(run.reason.starts_with("runner lost; its journal could not be read to the end"));
  }
}

TEST_CASE("a run that ended properly stays as it ended") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto file = directory / "run.jsonl";
  {
    auto journal = journal_at(file);
    REQUIRE(plane->create_run(sample_run("RUN1", file)).has_value());
    CHECK(plane->list_runs({})->at(0).status == RunStatus::running);
    REQUIRE(plane->change_run("RUN1", {RunStatus::completed, 0, {}}).has_value());
  }
  CHECK(plane->get_run("RUN1")->status == RunStatus::completed);
}
