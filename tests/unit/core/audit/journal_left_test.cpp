#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "core/audit/journal.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using runagents::audit::CallRecord;
using runagents::audit::CallsUnderWay;
using runagents::audit::complete;
using runagents::audit::Journal;
using runagents::audit::verify;
using runagents::tests::TemporaryDirectory;

CallRecord call(std::string_view id, std::string_view url = "https://api.example.com/x") {
  CallRecord record;
  record.request_id = id;
  record.tool = "api";
  record.method = "POST";
  record.url = url;
  record.decision = "allowed";
  record.code = "OUTCOME_UNKNOWN";
  return record;
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// What a process does that dies in the middle of it.
template <typename Work>
void lost(const std::filesystem::path& file, Work work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto journal = Journal::create(file, "01JRUN", "a");
    if (!journal) ::_exit(1);
    work(*journal);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WEXITSTATUS(status) == 0);
}

void begin(Journal& journal) {
  if (!journal.append(runagents::audit::RunRecord{"RUN_CREATED", "agent a", {}})) ::_exit(1);
}

}  // namespace

TEST_CASE("what left before its writer died is appended once, and the chain holds") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  const std::string large(20'000, 'u');
  lost(file, [&](Journal& journal) {
    begin(journal);
    std::vector<CallsUnderWay::Place> places;
    for (int i = 0; i < 200; ++i) places.push_back(journal.note_leaving(call("01R" + std::to_string(i))));
    places.push_back(journal.note_leaving(call("01LARGE", "https://api.example.com/" + large)));
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] == CallsUnderWay::nowhere) ::_exit(2);
      if (i % 2 == 1 && !journal.append(call("01R" + std::to_string(i)), Journal::Write::at_once, places[i]))
        ::_exit(3);
    }
  });
  REQUIRE(complete(file).has_value());
  const auto report = verify(file);
  REQUIRE(report.has_value());
  CHECK(report->intact);
  CHECK_FALSE(report->torn_tail);
  CHECK(report->calls == 201);
  const auto text = text_of(file);
  for (int i = 0; i < 200; ++i) CHECK(count(text, "\"01R" + std::to_string(i) + "\"") == 1);
  CHECK(count(text, large) == 1);
  CHECK_FALSE(std::filesystem::exists(CallsUnderWay::file_of(file)));
  REQUIRE(complete(file).has_value());
  CHECK(text_of(file) == text);
}

TEST_CASE("an event that was written counts, though nobody could note that it was") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  lost(file, [](Journal& journal) {
    begin(journal);
    if (journal.note_leaving(call("01ONE")) == CallsUnderWay::nowhere || !journal.append(call("01ONE"))) ::_exit(2);
    // The same request at the next provider, of which there is no event yet.
    if (journal.note_leaving(call("01ONE")) == CallsUnderWay::nowhere) ::_exit(3);
  });
  REQUIRE(complete(file).has_value());
  CHECK(verify(file)->calls == 2);
}

TEST_CASE("an event that was waiting for others when its writer died is not lost") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  lost(file, [](Journal& journal) {
    begin(journal);
    const auto place = journal.note_leaving(call("01ONE"));
    if (!journal.append(call("01ONE"), Journal::Write::with_others, place)) ::_exit(2);
  });
  REQUIRE(complete(file).has_value());
  CHECK(verify(file)->calls == 1);
  CHECK(verify(file)->intact);
}

TEST_CASE("a torn last line gives way to what was under way") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  lost(file, [](Journal& journal) {
    begin(journal);
    if (journal.note_leaving(call("01ONE")) == CallsUnderWay::nowhere) ::_exit(2);
  });
  std::ofstream{file, std::ios::app} << R"({"seq":2,"ts":"20)";
  REQUIRE(complete(file).has_value());
  const auto report = verify(file);
  CHECK(report->intact);
  CHECK_FALSE(report->torn_tail);
  CHECK(report->calls == 1);
}

TEST_CASE("nothing is appended to a journal that somebody changed, and what was under way stays") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  lost(file, [](Journal& journal) {
    begin(journal);
    if (journal.note_leaving(call("01ONE")) == CallsUnderWay::nowhere) ::_exit(2);
  });
  auto text = text_of(file);
  text.replace(text.find("agent a"), 7, "agent b");
  std::ofstream{file, std::ios::trunc} << text;
  CHECK_FALSE(complete(file).has_value());
  CHECK(text_of(file) == text);
  CHECK(std::filesystem::exists(CallsUnderWay::file_of(file)));
}

TEST_CASE("a living writer is left alone; at its end it records what is left by itself") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  {
    auto journal = Journal::create(file, "01JRUN", "a");
    REQUIRE(journal.has_value());
    REQUIRE(journal->note_leaving(call("01ONE")) != CallsUnderWay::nowhere);
    const auto place = journal->note_leaving(call("01TWO"));
    REQUIRE(complete(file).has_value());
    CHECK(verify(file)->calls == 0);
    REQUIRE(journal->append(call("01TWO"), Journal::Write::at_once, place).has_value());
    CHECK(journal->append_left() == 1U);
  }
  CHECK(verify(file)->calls == 2);
  CHECK_FALSE(std::filesystem::exists(CallsUnderWay::file_of(file)));
}

TEST_CASE("what is no file of calls under way is read as nothing") {
  const TemporaryDirectory directory;
  for (const auto& content :
       {std::string{}, std::string(1000, 'x'), std::string(64 * 1024, 'x'), std::string(70'000, '\xff')}) {
    const auto file = directory / ("run" + std::to_string(content.size()) + ".jsonl");
    lost(file, begin);
    std::ofstream{CallsUnderWay::file_of(file), std::ios::binary} << content;
    static_cast<void>(complete(file));
    CHECK(verify(file)->intact);
    CHECK(verify(file)->calls == 0);
  }
}
