#include "core/audit/journal.hpp"

#include <array>
#include <ctime>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/unit/temporary_directory.hpp"

namespace {

using runagents::audit::CallRecord;
using runagents::audit::ChainReport;
using runagents::audit::is_held;
using runagents::audit::Journal;
using runagents::audit::RunRecord;
using runagents::audit::verify;
using runagents::tests::TemporaryDirectory;

CallRecord sample() {
  CallRecord record;
  record.request_id = "01JREQ";
  record.door = "alias";
  record.pid = 4711;
  record.exe = "/usr/bin/python3";
  record.end_user = "ada@example.org";
  record.tool = "stripe";
  record.capability = "charges.create";
  record.method = "POST";
  record.url = "https://api.stripe.com/v1/charges?a=***";
  record.decision = "allowed";
  record.policy = "payments";
  record.rule = 2;
  record.credential = "bearer env:STRIPE_API_KEY";
  record.status = 200;
  record.bytes_in = 12;
  record.bytes_out = 345;
  record.us_decide = 6;
  return record;
}

Journal journal_at(const std::filesystem::path& file) {
  auto journal = Journal::create(file, "01JRUN", "billing-agent");
  REQUIRE(journal.has_value());
  return std::move(*journal);
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream in{file, std::ios::binary};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

void write_lines(const std::filesystem::path& file, const std::vector<std::string>& lines) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  for (const auto& line : lines) out << line << '\n';
}

// A journal of `count` events with nobody holding it.
std::vector<std::string> recorded(const std::filesystem::path& file, int count, std::string_view run_id = "01JRUN") {
  auto created = Journal::create(file, run_id, "billing-agent");
  REQUIRE(created.has_value());
  Journal journal = std::move(*created);
  for (int i = 0; i < count; ++i) REQUIRE(journal.append(sample()).has_value());
  return lines_of(file);
}

ChainReport verified(const std::filesystem::path& file) {
  const auto report = verify(file);
  REQUIRE(report.has_value());
  return *report;
}

// Runs `body` in a child process and returns its exit status.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(body());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a call becomes one JSON line with the members of the record") {
  const TemporaryDirectory directory;
  const auto lines = recorded(directory / "run.jsonl", 1);
  REQUIRE(lines.size() == 1);
  const auto event = nlohmann::json::parse(lines[0]);
  CHECK(event["seq"] == 1);
  CHECK(event["run_id"] == "01JRUN");
  CHECK(event["type"] == "TOOL_CALLED");
  CHECK(event["agent"] == "billing-agent");
  CHECK(event["url"] == "https://api.stripe.com/v1/charges?a=***");
  CHECK(event["rule"] == 2);
  CHECK(event["status"] == 200);
  CHECK(event["us_decide"] == 6);
  CHECK(event["prev_hash"] == std::string(64, '0'));
  CHECK_FALSE(event.contains("code"));
  CHECK_FALSE(event.contains("approval_id"));
}

TEST_CASE("the file is private and an existing one is refused") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  recorded(file, 1);
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto again = Journal::create(file, "01JRUN", "a");
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == runagents::ErrorCode::conflict);
  CHECK(again.error().message.find(file.string()) != std::string::npos);
}

TEST_CASE("an intact journal is proven, an empty one too") {
  const TemporaryDirectory directory;
  recorded(directory / "a", 50);
  const auto report = verified(directory / "a");
  CHECK(report.intact);
  CHECK_FALSE(report.torn_tail);
  CHECK(report.events == 50);
  CHECK(report.bad_line == 0);
  CHECK(report.last_hash.size() == 64);
  recorded(directory / "b", 0);
  CHECK(verified(directory / "b").intact);
  CHECK(verified(directory / "b").events == 0);
  CHECK_FALSE(verify(directory / "none").has_value());
}

TEST_CASE("events of the run carry their fields and continue the chain") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  auto journal = journal_at(file);
  const std::array fields = {std::pair<std::string_view, std::string_view>{"approval_id", "x\"y"}};
  REQUIRE(journal.append(RunRecord{"APPROVED", "said yes", fields}).has_value());
  REQUIRE(journal.append(sample()).has_value());
  CHECK(journal.seq() == 2);
  const auto event = nlohmann::json::parse(lines_of(file)[0]);
  CHECK(event["type"] == "APPROVED");
  CHECK(event["detail"] == "said yes");
  CHECK(event["approval_id"] == "x\"y");
  CHECK(verified(file).events == 2);
}

TEST_CASE("a field cannot pose as a member of the chain") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  auto journal = journal_at(file);
  for (const auto* name : {"hash", "prev_hash", "seq", "run_id", "type", "ts"}) {
    const std::array fields = {std::pair<std::string_view, std::string_view>{name, "x"}};
    CHECK_FALSE(journal.append(RunRecord{"X", "", fields}).has_value());
  }
  CHECK_FALSE(journal.broken());
  CHECK(journal.seq() == 0);
  CHECK(lines_of(file).empty());
}

TEST_CASE("any bytes from an agent make a valid line") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  auto journal = journal_at(file);
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::array<std::string, 9> nasty = {all,
                                            "\"},\"hash\":\"x",
                                            "line\nbreak\r\n",
                                            "\xc3\x28 \xe2\x82 \xf0\x9f\x98",
                                            "\xed\xa0\x80 \xf4\x90\x80\x80 \xc0\xaf",
                                            "\xe2\x80\xae\xe2\x80\xa8\xc2\x85",
                                            "\xf0\x9f\x98\x80 \xc3\xa4 ok",
                                            std::string(70000, '\x01'),
                                            "\\u0000\\"};
  for (const auto& text : nasty) {
    CallRecord record = sample();
    record.exe = record.url = record.method = record.end_user = text;
    REQUIRE(journal.append(record).has_value());
  }
  const auto lines = lines_of(file);
  REQUIRE(lines.size() == nasty.size());
  for (const auto& line : lines) {
    const auto event = nlohmann::json::parse(line, nullptr, false);
    REQUIRE_FALSE(event.is_discarded());
    for (const char c : line) CHECK_FALSE((static_cast<unsigned char>(c) < 0x20 || c == 0x7f));
  }
  CHECK(nlohmann::json::parse(lines[1])["url"] == nasty[1]);
  CHECK(nlohmann::json::parse(lines[6])["url"] == nasty[6]);
  CHECK(nlohmann::json::parse(lines[5])["url"] == nasty[5]);
  CHECK(lines[5].find("\\u202e\\u2028\\u0085") != std::string::npos);
  CHECK(verified(file).events == nasty.size());
}

TEST_CASE("every change of a journal is found and placed") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  const auto original = recorded(file, 10);
  const auto expect_bad = [&](std::vector<std::string> lines, std::uint64_t bad_line) {
    write_lines(file, lines);
    const auto report = verified(file);
    CHECK_FALSE(report.intact);
    CHECK_FALSE(report.torn_tail);
    CHECK(report.bad_line == bad_line);
    CHECK(report.events == bad_line - 1);
    CHECK(report.problem.starts_with("line " + std::to_string(bad_line) + " "));
  };
  SUBCASE("every byte of a line counts") {
    for (std::size_t i = 0; i < original[4].size(); ++i) {
      auto lines = original;
      lines[4][i] = static_cast<char>(lines[4][i] ^ 1);
      if (lines[4][i] == '\n') continue;
      expect_bad(lines, 5);
    }
  }
  SUBCASE("a removed line") {
    auto lines = original;
    lines.erase(lines.begin() + 3);
    expect_bad(lines, 4);
  }
  SUBCASE("the first line removed") {
    auto lines = original;
    lines.erase(lines.begin());
    expect_bad(lines, 1);
  }
  SUBCASE("a repeated line") {
    auto lines = original;
    lines.insert(lines.begin() + 3, lines[2]);
    expect_bad(lines, 4);
  }
  SUBCASE("exchanged lines") {
    auto lines = original;
    std::swap(lines[6], lines[7]);
    expect_bad(lines, 7);
  }
  SUBCASE("a line of another journal") {
    auto lines = original;
    lines[8] = recorded(directory / "other", 10, "01JOTHER")[8];
    expect_bad(lines, 9);
  }
  SUBCASE("garbage and empty lines") {
    auto lines = original;
    lines.insert(lines.begin() + 5, "");
    expect_bad(lines, 6);
    lines[5] = "{}";
    expect_bad(lines, 6);
    lines[5] = std::string(300, 'x');
    expect_bad(lines, 6);
  }
  SUBCASE("a complete but wrong last line is no torn tail") {
    auto lines = original;
    lines[9][30] = static_cast<char>(lines[9][30] ^ 1);
    expect_bad(lines, 10);
  }
}

TEST_CASE("an incomplete last line is a torn tail, whatever its length") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  recorded(file, 3);
  const auto full = std::filesystem::file_size(file);
  const auto last = lines_of(file)[2].size();
  for (std::size_t cut = 1; cut <= last; cut += 13) {
    std::filesystem::resize_file(file, full - cut);
    const auto report = verified(file);
    CHECK(report.intact);
    CHECK(report.torn_tail);
    CHECK(report.events == 2);
  }
}

TEST_CASE("an endless line does not fill the memory") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  recorded(file, 1);
  std::filesystem::resize_file(file, std::uintmax_t{1} << 36);  // sparse
  const auto report = verified(file);
  CHECK_FALSE(report.intact);
  CHECK(report.bad_line == 2);
}

TEST_CASE("a journal is held as long as it is open, and probing does not disturb it") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  CHECK_FALSE(is_held(file));
  {
    const auto journal = journal_at(file);
    CHECK(is_held(file));
    CHECK(is_held(file));
    CHECK(in_child([&] { return is_held(file) ? 0 : 1; }) == 0);
  }
  CHECK_FALSE(is_held(file));
  CHECK_FALSE(is_held(directory / "missing"));
}

TEST_CASE("a full disk breaks the journal, and nothing half-written stays") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto journal = Journal::create(file, "01JRUN", "a");
    if (!journal) return 1;
    for (int i = 0; i < 5; ++i) {
      if (!journal->append(sample())) return 2;
    }
    struct stat before{};
    if (::stat(file.c_str(), &before) != 0) return 3;
    // Room for half a line: write(2) comes back short.
    const auto room = static_cast<rlim_t>(before.st_size) + 200;
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 4;
    const auto refused = journal->append(sample());
    if (refused || refused.error().message.find(file.string()) == std::string::npos) return 5;
    if (!journal->broken() || journal->seq() != 5) return 6;
    struct stat after{};
    if (::stat(file.c_str(), &after) != 0 || after.st_size != before.st_size) return 7;
    CallRecord small;
    if (journal->append(small) || journal->append(RunRecord{"FAILED", "", {}})) return 8;
    return 0;
  });
  CHECK(status == 0);
  const auto report = verified(file);
  CHECK(report.intact);
  CHECK_FALSE(report.torn_tail);
  CHECK(report.events == 5);
}

TEST_CASE("lines that wait for others are written with the next one, by flush, or at the end") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  {
    auto journal = journal_at(file);
    REQUIRE(journal.append(sample(), Journal::Write::with_others).has_value());
    REQUIRE(journal.append(sample(), Journal::Write::with_others).has_value());
    CHECK(lines_of(file).empty());
    CHECK(journal.seq() == 2);
    REQUIRE(journal.flush().has_value());
    CHECK(lines_of(file).size() == 2);
    REQUIRE(journal.append(sample(), Journal::Write::with_others).has_value());
    REQUIRE(journal.append(RunRecord{"COMPLETED", "done", {}}).has_value());
    CHECK(lines_of(file).size() == 4);
    REQUIRE(journal.append(sample(), Journal::Write::with_others).has_value());
  }
  CHECK(verified(file).intact);
  CHECK(verified(file).events == 5);
}

TEST_CASE("of lines that cannot all be written none is") {
  const TemporaryDirectory directory;
  const auto file = directory / "full.jsonl";
  const int status = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto journal = Journal::create(file, "01JRUN", "a");
    if (!journal || !journal->append(sample())) return 1;
    struct stat before{};
    if (::stat(file.c_str(), &before) != 0) return 2;
    // Room for one of three.
    const auto room = static_cast<rlim_t>(before.st_size) + static_cast<rlim_t>(before.st_size);
    const rlimit limit{room, room};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 3;
    for (int i = 0; i < 3; ++i) {
      if (!journal->append(sample(), Journal::Write::with_others)) return 4;
    }
    if (journal->flush() || !journal->broken() || journal->flush()) return 5;
    struct stat after{};
    return ::stat(file.c_str(), &after) == 0 && after.st_size == before.st_size ? 0 : 6;
  });
  CHECK(status == 0);
  CHECK(verified(file).events == 1);
}

TEST_CASE("a writer killed in the middle of its work leaves a provable chain") {
  const TemporaryDirectory directory;
  for (int round = 0; round < 20; ++round) {
    const auto file = directory / ("run" + std::to_string(round));
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto journal = Journal::create(file, "01JRUN", "a");
      if (!journal) ::_exit(1);
      for (std::uint64_t i = 1;; ++i) {
        CallRecord record = sample();
        record.bytes_out = i;
        // Announced only after append has returned: these events must be there.
        if (!journal->append(record) || ::write(pipe[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    ::close(pipe[1]);
    std::uint64_t announced = 0;
    for (int i = 0; i < 5 + round * 20; ++i) REQUIRE(::read(pipe[0], &announced, sizeof announced) == sizeof announced);
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &announced, sizeof announced) == sizeof announced) {
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK_FALSE(is_held(file));
    const auto report = verified(file);
    CHECK(report.intact);
    CHECK(report.events >= announced);
    CHECK(report.events <= announced + 1);
  }
}

TEST_CASE("fsync mode writes the same chain") {
  const TemporaryDirectory directory;
  const auto file = directory / "run.jsonl";
  auto journal = Journal::create(file, "01JRUN", "a", Journal::Sync::every_event);
  REQUIRE(journal.has_value());
  for (int i = 0; i < 3; ++i) REQUIRE(journal->append(sample()).has_value());
  CHECK(verified(file).events == 3);
}
