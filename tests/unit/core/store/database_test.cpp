#include "core/store/database.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <limits>
#include <signal.h>
#include <soci/soci.h>
#include <sqlite3.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/migrations.hpp"
#include "tests/unit/child_process.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using runagents::ErrorCode;
using runagents::fail;
using runagents::Result;
using runagents::store::Database;
using runagents::store::DatabaseOptions;
using runagents::store::Durability;
using runagents::tests::TemporaryDirectory;

Database opened(const std::filesystem::path& file) {
  auto database = Database::open(file);
  REQUIRE_MESSAGE(database.has_value(), database.error().message);
  return std::move(*database);
}

Result<void> add_run(soci::session& session, const std::string& id) {
  session << "INSERT INTO runs (id, agent, command, end_user, isolation, project_file, journal, runner_pid, status, "
             "created_at, updated_at) VALUES ('" +
                 id + "', '', '[]', '', '', '', '', 0, 'RUNNING', 0, 0)";
  return {};
}

Result<int> count_runs(Database& database) {
  return database.read([](soci::session& session) -> Result<int> {
    int count = 0;
    session << "SELECT count(*) FROM runs", soci::into(count);
    return count;
  });
}

// Plain SQLite, as another program would use the file.
void execute(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("a store is created private, and what was written is there again") {
  const TemporaryDirectory directory;
  const auto file = directory / "with space 'and' %.db";
  {
    auto database = opened(file);
    REQUIRE(database.write(Durability::normal, [](soci::session& s) { return add_run(s, "A"); }).has_value());
    CHECK(mode_of(file) == 0600);
    CHECK(mode_of(file.string() + "-wal") == 0600);
    CHECK(mode_of(file.string() + "-shm") == 0600);
  }
  auto database = opened(file);
  CHECK(*count_runs(database) == 1);
}

TEST_CASE("a store that others could read is made private") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  REQUIRE(::chmod(file.c_str(), 0644) == 0);
  opened(file);
  CHECK(mode_of(file) == 0600);
}

TEST_CASE("work that fails leaves nothing behind") {
  const TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  const auto refused = database.write(Durability::full, [](soci::session& session) -> Result<void> {
    (void)add_run(session, "A");
    return fail(ErrorCode::conflict, "no");
  });
  CHECK(refused.error().message == "no");
  CHECK(*count_runs(database) == 0);
  const auto broken = database.write(Durability::full, [](soci::session& session) -> Result<void> {
    (void)add_run(session, "A");
    session << "INSERT INTO nowhere VALUES ('c4n4ry')";
    return {};
  });
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().message.find("c4n4ry") == std::string::npos);
  CHECK(*count_runs(database) == 0);
  struct Unexpected {};
  CHECK_THROWS_AS((void)database.write(Durability::full,
                                       [](soci::session& session) -> Result<void> {
                                         (void)add_run(session, "A");
                                         throw Unexpected{};
                                       }),
                  Unexpected);
  CHECK(*count_runs(database) == 0);
  CHECK(database.write(Durability::normal, [](soci::session& s) { return add_run(s, "A"); }).has_value());
  const auto twice = database.write(Durability::normal, [](soci::session& s) { return add_run(s, "A"); });
  CHECK(twice.error().code == ErrorCode::conflict);
}

TEST_CASE("twenty processes that create the same store get along") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  runagents::tests::Children children;
  for (int i = 0; i < 20; ++i) {
    children.add([&, i] {
      auto database = Database::open(file);
      if (!database) return 1;
      const auto added = database->write(
          Durability::full, [&](soci::session& session) { return add_run(session, "R" + std::to_string(i)); });
      return added ? 0 : 2;
    });
  }
  CHECK(std::ranges::count(children.exit_codes(), 0) == 20);
  auto database = opened(file);
  CHECK(*count_runs(database) == 20);
}

TEST_CASE("a process killed between its writes leaves a store that works, with all that was committed") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  for (int round = 0; round < 5; ++round) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto database = Database::open(file);
      if (!database) ::_exit(1);
      for (int i = 0;; ++i) {
        const std::string id = std::to_string(round) + "-" + std::to_string(i);
        const auto added =
            database->write(Durability::normal, [&](soci::session& session) { return add_run(session, id); });
        if (!added || ::write(pipe[1], "x", 1) != 1) ::_exit(1);
      }
    }
    auto database = opened(file);
    const int before = *count_runs(database);
    ::close(pipe[1]);
    char byte = 0;
    int committed = 0;
    while (committed < 10 + round * 7 && ::read(pipe[0], &byte, 1) == 1) ++committed;
    ::kill(child, SIGKILL);
    while (::read(pipe[0], &byte, 1) == 1) ++committed;
    ::close(pipe[0]);
    ::waitpid(child, nullptr, 0);
    auto after = opened(file);
    CHECK(*count_runs(after) >= committed);
    CHECK(*count_runs(after) >= before);
  }
  execute(file, "PRAGMA integrity_check");
}

TEST_CASE("a store that somebody keeps locked is reported with its file, after the time that was given") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto database = Database::open(file, DatabaseOptions{.lock_timeout = std::chrono::milliseconds{50}});
  REQUIRE(database.has_value());
  CHECK(*count_runs(*database) == 0);
  const auto locked = database->write(Durability::full, [](soci::session& s) { return add_run(s, "A"); });
  REQUIRE_FALSE(locked.has_value());
  CHECK(locked.error().code == ErrorCode::unavailable);
  CHECK(locked.error().message.find(file.string()) != std::string::npos);
  CHECK(locked.error().message.find("locked") != std::string::npos);
  REQUIRE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK(database->write(Durability::full, [](soci::session& s) { return add_run(s, "A"); }).has_value());
}

TEST_CASE("a file that is no database is reported and left as it is") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  const std::string text(5000, 'x');
  std::ofstream{file} << text;
  const auto broken = Database::open(file);
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().message.find(file.string() + " is damaged") != std::string::npos);
  CHECK_FALSE(broken.error().hint.empty());
  CHECK(std::filesystem::file_size(file) == text.size());
}

TEST_CASE("damage in the middle of a store is an error, not an exception") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  execute(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  {
    std::fstream out{file, std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(4096);
    out << std::string(std::filesystem::file_size(file) - 4096, '\x55');
  }
  auto database = Database::open(file);
  const auto count = database ? count_runs(*database) : Result<int>{std::unexpected(database.error())};
  REQUIRE_FALSE(count.has_value());
  CHECK(count.error().message.find("damaged") != std::string::npos);
}

TEST_CASE("a newer schema is refused and left as it is") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  const auto newer = runagents::store::migrations().size() + 1;
  execute(file, "PRAGMA user_version = " + std::to_string(newer));
  const auto refused = Database::open(file);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message.find("schema version " + std::to_string(newer)) != std::string::npos);
  CHECK(refused.error().message.find(file.string()) != std::string::npos);
  execute(file, "PRAGMA user_version = " + std::to_string(newer - 1));
  opened(file);
}

TEST_CASE("a read-only store is reported as such") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  opened(file);
  REQUIRE(::chmod(file.c_str(), 0400) == 0);
  const bool is_root = ::geteuid() == 0;
  const uid_t nobody = 65534;
  if (is_root) {
    for (const auto& path : {directory.path(), file}) REQUIRE(::chown(path.c_str(), nobody, nobody) == 0);
  }
  // Root may write everything, so somebody else tries.
  const int code = runagents::tests::in_child([&] {
    if (is_root && ::setresuid(nobody, nobody, nobody) != 0) return 1;
    const auto refused = Database::open(file);
    if (refused || refused.error().code != ErrorCode::unavailable) return 2;
    return refused.error().message == "the store " + file.string() + " is read-only" ? 0 : 3;
  });
  CHECK(code == 0);
}

TEST_CASE("a store where no file can be made is reported") {
  const TemporaryDirectory directory;
  const auto refused = Database::open(directory / "missing" / "a.db");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().message.find("missing/a.db") != std::string::npos);
  CHECK(Database::open(directory / "a\"b.db").error().code == ErrorCode::configuration);
}

TEST_CASE("a full disk fails the write and spares what was there") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  {
    auto database = opened(file);
    REQUIRE(database.write(Durability::full, [](soci::session& s) { return add_run(s, "A"); }).has_value());
  }
  const int code = runagents::tests::in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    auto database = Database::open(file);
    if (!database) return 1;
    const auto size = std::filesystem::file_size(file.string() + "-wal");
    const rlimit limit{size, size};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const auto refused = database->write(Durability::full, [](soci::session& session) -> Result<void> {
      for (int i = 0; i < 500; ++i) (void)add_run(session, "B" + std::to_string(i));
      return {};
    });
    if (refused || refused.error().code != ErrorCode::unavailable) return 3;
    if (refused.error().message.find(file.string()) == std::string::npos) return 4;
    return *count_runs(*database) == 1 ? 0 : 5;
  });
  CHECK(code == 0);
  auto database = opened(file);
  CHECK(*count_runs(database) == 1);
  CHECK(database.write(Durability::full, [](soci::session& s) { return add_run(s, "C"); }).has_value());
}

TEST_CASE("the log in front of a store stays short") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  auto database = opened(file);
  for (int i = 0; i < 3000; ++i) {
    REQUIRE(database
                .write(Durability::normal,
                       [&](soci::session& session) { return add_run(session, "R" + std::to_string(i)); })
                .has_value());
  }
  CHECK(std::filesystem::file_size(file.string() + "-wal") < 4U * 1024 * 1024);
}

TEST_CASE("opening an existing store is quick") {
  const TemporaryDirectory directory;
  const auto file = directory / "a.db";
  {
    auto database = opened(file);
    for (int i = 0; i < 200; ++i) {
      REQUIRE(database
                  .write(Durability::normal,
                         [&](soci::session& session) { return add_run(session, "R" + std::to_string(i)); })
                  .has_value());
    }
  }
  std::clock_t best = std::numeric_limits<std::clock_t>::max();
  for (int i = 0; i < 20; ++i) {
    const std::clock_t start = std::clock();
    opened(file);
    best = std::min(best, std::clock() - start);
  }
  const auto microseconds = best * 1000000 / CLOCKS_PER_SEC;
  MESSAGE("us: " << microseconds);
  CHECK(microseconds < 20000);
}
