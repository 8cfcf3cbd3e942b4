#include <doctest/doctest.h>
#include <fmt/format.h>

#include "cli/runs/view.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace std::chrono_literals;
using live::Press;
using Mode = RunsView::Mode;

namespace {

std::string event(int seq, std::string_view url = "https://api.example.com/x") {
  return fmt::format(
      R"({{"seq":{},"ts":"2026-05-01T12:00:00.123Z","type":"TOOL_CALLED","decision":"allowed","method":"GET","url":"{}","status":200}})",
      seq, url);
}

struct Watched {
  RunsView view{{.approvals = {.place = "this machine"}}};
  live::Moment at{1000h};
  model::Time now{500000h};
  std::vector<model::Run> runs;

  model::Run& add(std::string id, model::RunStatus status = model::RunStatus::running) {
    model::Run run;
    run.id = std::move(id);
    run.agent = "billing-agent";
    run.command = {"python3", "agent.py"};
    run.status = status;
    run.created_at = now - 10min + std::chrono::seconds{runs.size()};
    if (model::is_final(status)) run.finished_at = now - 5min;
    return runs.emplace_back(std::move(run));
  }
  void poll(std::vector<std::string> events = {}, std::map<std::string, std::size_t> waiting = {}) {
    const auto opened = view.mode() == Mode::run ? view.selected() : std::string{};
    view.take({.runs = runs, .waiting = std::move(waiting), .opened = opened, .events = std::move(events)});
  }
  void press(std::string_view keys) {
    for (const char c : keys) view.press({Press::text, std::string{c}}, at);
  }
  void press(Press key) { view.press({key}, at); }
  std::string screen(live::Size size = {24, 120}) { return output::text_of(view.frame(size, now).lines, false); }
};

}  // namespace

TEST_CASE("runs that go on come first, with what they did, cost and wait for") {
  Watched watched;
  auto& over = watched.add("01JA", model::RunStatus::failed);
  over.exit_code = 3;
  auto& run = watched.add("01JB", model::RunStatus::paused_approval);
  run.calls = 12;
  run.refused = 2;
  run.end_user = "ada@example.com";
  run.models = {{.provider = "openai", .model = "gpt-4o", .calls = 1, .cost = 2'100'000'000}};
  watched.poll({}, {{"01JB", 3}, {"01JA", 1}});
  const auto text = watched.screen();
  CHECK(text.contains("1 running"));
  CHECK(text.contains("failed 3"));
  CHECK(text.find("01JB") < text.find("01JA"));
  CHECK(text.contains(">  approval  billing-agent  12     2        3      $0.0021  ada@example.com  9 min"));
}

TEST_CASE("the cursor stays with its run when others come and end") {
  Watched watched;
  watched.add("01JA");
  watched.add("01JB");
  watched.poll();
  CHECK(watched.view.selected() == "01JB");
  watched.add("01JC");
  watched.runs[1].status = model::RunStatus::completed;
  watched.poll();
  CHECK(watched.view.selected() == "01JB");
  watched.press("g");
  CHECK(watched.view.selected() == "01JC");
}

TEST_CASE("an opened run shows its events as they come, each once, and follows them") {
  Watched watched;
  watched.add("01JA");
  watched.poll();
  watched.press(Press::enter);
  watched.poll({event(1, "https://api.example.com/first")});
  watched.poll({event(1, "https://api.example.com/first"), event(2, "https://api.example.com/second")});
  auto text = watched.screen();
  CHECK(text.contains("/second"));
  CHECK(text.find("/first") == text.rfind("/first"));
  std::vector<std::string> many;
  for (int seq = 3; seq < 60; ++seq) many.push_back(event(seq, fmt::format("https://api.example.com/n{}", seq)));
  watched.poll(many);
  CHECK(watched.screen().contains("/n59"));
  watched.press("kk");
  CHECK(watched.screen().contains("2 events below"));
  watched.poll({event(60)});
  CHECK(watched.screen().contains("3 events below"));
  CHECK_FALSE(watched.screen().contains("/n58"));
  watched.press("G");
  CHECK_FALSE(watched.screen().contains("below"));
  watched.press("q");
  CHECK(watched.view.mode() == Mode::list);
  CHECK_FALSE(watched.view.is_over());
}

TEST_CASE("events that are kept are bounded") {
  Watched watched;
  watched.add("01JA");
  watched.poll();
  watched.press(Press::enter);
  std::vector<std::string> many;
  for (int seq = 1; seq < 5000; ++seq) many.push_back(event(seq, fmt::format("https://x/n{}.", seq)));
  watched.poll(many);
  watched.press("g");
  CHECK(watched.screen({20000, 120}).contains("/n4000."));
  CHECK_FALSE(watched.screen({20000, 120}).contains("/n3999."));
}

TEST_CASE("events of a run that was left are not shown in another one") {
  Watched watched;
  watched.add("01JA");
  watched.add("01JB");
  watched.poll();
  watched.press(Press::enter);
  watched.press("qj");
  watched.press(Press::enter);
  watched.view.take({.runs = watched.runs, .opened = "01JB", .events = {event(7, "https://other/")}});
  CHECK_FALSE(watched.screen().contains("https://other/"));
}

TEST_CASE("what is no event, and what steers terminals, does no harm") {
  Watched watched;
  watched.add("01JA").command = {"sh", "-c", "\x1b[2J\n\u202e"};
  watched.poll();
  watched.press(Press::enter);
  watched.poll({"no JSON", "[]", event(1, "https://x/\\u001b[2J\\n")});
  for (const live::Size size : {live::Size{1, 1}, {3, 20}, {24, 80}, {60, 250}}) {
    for (const auto& line : watched.view.frame(size, watched.now).lines) {
      const auto text = output::text_of(output::shortened(line, size.columns), false);
      CHECK_FALSE(text.contains('\x1b'));
      CHECK_FALSE(text.contains('\n'));
      CHECK_FALSE(text.contains("\u202e"));
    }
  }
}

TEST_CASE("approvals of a run are decided in a view of their own") {
  Watched watched;
  watched.add("01JA");
  watched.poll();
  watched.press("a");
  CHECK(watched.screen().contains("approvals  0 waiting  run 01JA"));
  watched.press("q");
  CHECK(watched.screen().starts_with("runs"));
  watched.press("?");
  CHECK(watched.screen().starts_with("runs: help"));
  watched.press("xq");
  CHECK(watched.view.is_over());
}
