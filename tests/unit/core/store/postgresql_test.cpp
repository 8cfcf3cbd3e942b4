#include "tests/unit/postgresql.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <soci/soci.h>
#include <string>
#include <thread>
#include <vector>

#include "core/store/database.hpp"
#include "core/store/migrations.hpp"
#include "core/store/statement.hpp"
#include "tests/unit/child_process.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using runagents::ErrorCode;
using runagents::fail;
using runagents::Result;
using runagents::store::Database;
using runagents::store::Durability;
using runagents::store::Statement;
using runagents::tests::Postgresql;
using runagents::tests::TemporaryDirectory;

constexpr std::string_view password = "c4n4ry-p4ssw0rd";

/// The two kinds of a new, empty store.
struct OnSqlite {
  TemporaryDirectory directory;
  std::string location = directory / "a.db";
};
struct OnPostgresql {
  static inline int count = 0;
  std::string location = Postgresql::shared().store("store_" + std::to_string(++count));
};

Database opened(const std::string& location) {
  auto database = Database::open(location);
  REQUIRE_MESSAGE(database.has_value(), database.error().message);
  return std::move(*database);
}

Result<void> add_secret(soci::session& session, const std::string& name, const std::string& sealed = "x") {
  const long long now = 1'800'000'000'000;
  Statement insert{session};
  insert.use(name, "name").use(sealed, "sealed").use(now, "now");
  insert.prepare("INSERT INTO secrets (name, sealed, created_at, updated_at) VALUES (:name, :sealed, :now, :now)");
  insert.change();
  return {};
}

Result<std::vector<std::string>> names(Database& database) {
  return database.read([](soci::session& session) -> Result<std::vector<std::string>> {
    std::string name;
    Statement query{session};
    query.into(name).prepare("SELECT name FROM secrets ORDER BY name");
    std::vector<std::string> found;
    while (query.fetch()) found.push_back(name);
    return found;
  });
}

std::string with(std::string url, const std::string& part, const std::string& other) {
  url.replace(url.rfind(part), part.size(), other);
  return url;
}

void check_without_password(const runagents::Error& error) {
  CHECK_MESSAGE(!error.message.contains(password), error.message);
  CHECK_FALSE(error.hint.contains(password));
}

}  // namespace

TEST_CASE_TEMPLATE("what was written is there for everybody who opens the store", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  REQUIRE(database.write(Durability::full, [](soci::session& s) { return add_secret(s, "a", "\xc3\xa4'\\:x"); }));
  auto other = opened(kind.location);
  std::string sealed;
  long long created_at = 0;
  int bytes = 0;
  const auto read = other.read([&](soci::session& session) -> Result<void> {
    Statement query{session};
    query.into(sealed).into(created_at).into(bytes);
    query.prepare("SELECT sealed, created_at, octet_length(sealed) FROM secrets WHERE name = 'a' AND ':no' <> '::no'");
    return query.fetch() ? Result<void>{} : fail(ErrorCode::not_found, "no row");
  });
  REQUIRE(read.has_value());
  CHECK(sealed == "\xc3\xa4'\\:x");
  CHECK(created_at == 1'800'000'000'000);
  CHECK(bytes == 6);
}

TEST_CASE_TEMPLATE("work that fails leaves nothing, whatever way it fails", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  const auto refused = database.write(Durability::full, [](soci::session& session) -> Result<void> {
    (void)add_secret(session, "a");
    return fail(ErrorCode::conflict, "no");
  });
  CHECK(refused.error().message == "no");
  const auto broken = database.append(Durability::normal, [](soci::session& session) -> Result<void> {
    (void)add_secret(session, "a");
    session << "INSERT INTO nowhere VALUES ('c4n4ry')";
    return {};
  });
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().code == ErrorCode::internal);
  CHECK_FALSE(broken.error().message.contains("c4n4ry"));
  struct Unexpected {};
  CHECK_THROWS_AS((void)database.write(Durability::full,
                                       [](soci::session& session) -> Result<void> {
                                         (void)add_secret(session, "a");
                                         throw Unexpected{};
                                       }),
                  Unexpected);
  CHECK(names(database)->empty());
  CHECK(database.write(Durability::normal, [](soci::session& s) { return add_secret(s, "a"); }).has_value());
  const auto twice = database.write(Durability::normal, [](soci::session& s) { return add_secret(s, "a"); });
  CHECK(twice.error().code == ErrorCode::conflict);
  CHECK(names(database)->size() == 1);
}

TEST_CASE_TEMPLATE("changes say how many rows they changed", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  std::int64_t changed = -1;
  std::int64_t missed = -1;
  REQUIRE(database.write(Durability::normal, [&](soci::session& session) -> Result<void> {
    for (const char* name : {"a", "b"}) (void)add_secret(session, name);
    Statement update{session};
    update.prepare("UPDATE secrets SET updated_at = 5 WHERE updated_at > 5");
    changed = update.change();
    missed = update.change();
    return {};
  }));
  CHECK(changed == 2);
  CHECK(missed == 0);
}

TEST_CASE_TEMPLATE("texts are ordered by their bytes, whatever the locale", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  REQUIRE(database.write(Durability::normal, [](soci::session& session) -> Result<void> {
    for (const char* name : {"b", "\xc3\xa4", "B", "a-b", "ab", "a~", "_"}) (void)add_secret(session, name);
    return {};
  }));
  CHECK(*names(database) == std::vector<std::string>{"B", "_", "a-b", "ab", "a~", "b", "\xc3\xa4"});
}

TEST_CASE_TEMPLATE("a text with a NUL is refused before it is cut", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  const std::string name{"a\0b", 3};
  const auto refused = database.write(Durability::normal, [&](soci::session& s) { return add_secret(s, name); });
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::usage);
  CHECK(names(database)->empty());
}

TEST_CASE_TEMPLATE("what a writer reads stays true until it has written", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  opened(kind.location);
  runagents::tests::Children children;
  for (int i = 0; i < 8; ++i) {
    children.add([&] {
      auto database = Database::open(kind.location);
      if (!database) return 1;
      for (int round = 0; round < 20; ++round) {
        const auto added = database->write(Durability::normal, [](soci::session& session) -> Result<void> {
          int count = 0;
          session << "SELECT count(*) FROM secrets", soci::into(count);
          return add_secret(session, "n" + std::to_string(count));
        });
        if (!added) return 2;
      }
      return 0;
    });
  }
  CHECK(std::ranges::count(children.exit_codes(), 0) == 8);
  auto database = opened(kind.location);
  CHECK(names(database)->size() == 160);
}

TEST_CASE_TEMPLATE("of many that open a new store at once, one makes it", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  runagents::tests::Children children;
  for (int i = 0; i < 20; ++i) {
    children.add([&, i] {
      auto database = Database::open(kind.location);
      if (!database) return 1;
      const auto added =
          database->write(Durability::full, [&](soci::session& s) { return add_secret(s, std::to_string(i)); });
      return added ? 0 : 2;
    });
  }
  CHECK(std::ranges::count(children.exit_codes(), 0) == 20);
  auto database = opened(kind.location);
  CHECK(names(database)->size() == 20);
}

TEST_CASE_TEMPLATE("reading within a transaction sees it, a transaction within another is refused", Kind, OnSqlite,
                   OnPostgresql) {
  const Kind kind;
  auto database = opened(kind.location);
  const auto nested = database.write(Durability::normal, [&](soci::session& session) -> Result<void> {
    (void)add_secret(session, "a");
    CHECK(names(database)->size() == 1);
    return database.write(Durability::normal, [](soci::session& s) { return add_secret(s, "b"); });
  });
  CHECK(nested.error().code == ErrorCode::internal);
  CHECK(names(database)->empty());
}

TEST_CASE_TEMPLATE("a newer schema is refused and left as it is", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  const auto newer = std::to_string(runagents::store::migrations().size() + 1);
  {
    auto database = opened(kind.location);
    REQUIRE(database.write(Durability::full, [&](soci::session& session) -> Result<void> {
      const bool is_sqlite = std::is_same_v<Kind, OnSqlite>;
      session << (is_sqlite ? "PRAGMA user_version = " : "UPDATE schema_version SET version = ") + newer;
      return {};
    }));
  }
  const auto refused = Database::open(kind.location);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::conflict);
  CHECK(refused.error().message.contains("schema version " + newer));
  check_without_password(refused.error());
}

TEST_CASE_TEMPLATE("who waits too long for another writer is told so", Kind, OnSqlite, OnPostgresql) {
  const Kind kind;
  auto holder = opened(kind.location);
  auto waiter = Database::open(kind.location, {.lock_timeout = std::chrono::milliseconds{50}});
  REQUIRE(waiter.has_value());
  const auto held = holder.write(Durability::normal, [&](soci::session&) -> Result<void> {
    const auto locked = waiter->write(Durability::normal, [](soci::session& s) { return add_secret(s, "a"); });
    REQUIRE_FALSE(locked.has_value());
    CHECK(locked.error().code == ErrorCode::unavailable);
    CHECK(locked.error().message.contains("locked by another process for 50 ms"));
    check_without_password(locked.error());
    CHECK(names(*waiter)->empty());
    return {};
  });
  REQUIRE(held.has_value());
  CHECK(waiter->write(Durability::normal, [](soci::session& s) { return add_secret(s, "a"); }).has_value());
}

TEST_CASE("rows of a log go in while another process writes") {
  const OnPostgresql kind;
  auto writer = opened(kind.location);
  auto logger = Database::open(kind.location, {.lock_timeout = std::chrono::milliseconds{50}});
  REQUIRE(logger.has_value());
  const auto held = writer.write(Durability::normal, [&](soci::session&) -> Result<void> {
    return logger->append(Durability::normal, [](soci::session& s) { return add_secret(s, "a"); });
  });
  CHECK(held.has_value());
  CHECK(names(writer)->size() == 1);
}

TEST_CASE("work that goes on after a statement has failed is not reported as done") {
  const OnPostgresql kind;
  auto database = opened(kind.location);
  const auto done = database.write(Durability::full, [](soci::session& session) -> Result<void> {
    (void)add_secret(session, "a");
    try {
      (void)add_secret(session, "a");
    } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch): this is the mistake
    }
    return {};
  });
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == ErrorCode::internal);
  CHECK(names(database)->empty());
}

TEST_CASE("texts that PostgreSQL cannot keep are errors of who sends them") {
  const OnPostgresql kind;
  auto database = opened(kind.location);
  const auto put = [&](const std::string& name) {
    return database.write(Durability::normal, [&](soci::session& s) { return add_secret(s, name); });
  };
  const auto garbled = put("a\xff");
  CHECK(garbled.error().code == ErrorCode::usage);
  CHECK(garbled.error().message == "a text is not UTF-8");
  std::string noise;  // what compresses well would fit
  for (unsigned i = 1; noise.size() < 20000; i = i * 1664525 + 1013904223) noise += std::to_string(i);
  CHECK(put(noise).error().code == ErrorCode::usage);
  CHECK(put("a").has_value());
}

TEST_CASE("a PostgreSQL that cannot be reached or refuses is named without its password") {
  const auto url = Postgresql::shared().url();
  const auto port = url.substr(url.rfind(':') + 1, 5);
  const auto unreachable = Database::open(with(url, ":" + port, ":1"));
  REQUIRE_FALSE(unreachable.has_value());
  CHECK(unreachable.error().code == ErrorCode::unavailable);
  CHECK(unreachable.error().message.contains("postgresql://runagents@127.0.0.1:1/runagents"));
  CHECK(unreachable.error().message.contains("Connection refused"));
  check_without_password(unreachable.error());
  const auto mistaken = Database::open(with(url, "c4n4ry-p4ssw0rd", "wr0ng-c4n4ry"));
  REQUIRE_FALSE(mistaken.has_value());
  CHECK(mistaken.error().message.contains("password authentication failed"));
  CHECK_FALSE(mistaken.error().message.contains("wr0ng-c4n4ry"));
  const auto missing = Database::open(with(url, "/runagents", "/nowhere"));
  CHECK(missing.error().message.contains("database \"nowhere\" does not exist"));
  check_without_password(missing.error());
  for (const auto* const broken : {"?nonsense=1", "?connect_timeout", "%zz"}) {
    const auto invalid = Database::open(url + broken);
    REQUIRE_FALSE(invalid.has_value());
    CHECK(invalid.error().code == ErrorCode::configuration);
    check_without_password(invalid.error());
  }
  const auto garbled = Database::open(std::string{"postgresql://u:c4n4ry-p4ssw0rd%zz@h/d"});
  CHECK(garbled.error().code == ErrorCode::configuration);
  check_without_password(garbled.error());
}

TEST_CASE("a database in another encoding is refused") {
  const auto& server = Postgresql::shared();
  server.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  const auto refused = Database::open(with(server.url(), "/runagents", "/latin"));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::configuration);
  CHECK(refused.error().message.contains("UTF-8"));
}

TEST_CASE("a connection that was lost between two pieces of work is made anew, unnoticed") {
  Postgresql& server = Postgresql::shared();
  const OnPostgresql kind;
  auto database = opened(kind.location);
  REQUIRE(database.write(Durability::full, [](soci::session& s) { return add_secret(s, "a"); }).has_value());
  server.restart();
  CHECK(names(database)->size() == 1);
  server.kill();
  const auto down = names(database);
  REQUIRE_FALSE(down.has_value());
  CHECK(down.error().code == ErrorCode::unavailable);
  check_without_password(down.error());
  server.start();
  CHECK(database.write(Durability::full, [](soci::session& s) { return add_secret(s, "b"); }).has_value());
  CHECK(names(database)->size() == 2);
}

TEST_CASE("a piece of work whose connection is lost under it fails and is not repeated") {
  Postgresql& server = Postgresql::shared();
  const OnPostgresql kind;
  auto database = opened(kind.location);
  int runs = 0;
  const auto lost = database.write(Durability::full, [&](soci::session& session) -> Result<void> {
    ++runs;
    (void)add_secret(session, "a");
    server.kill();
    server.start();
    return add_secret(session, "b");
  });
  REQUIRE_FALSE(lost.has_value());
  CHECK(lost.error().code == ErrorCode::unavailable);
  CHECK(lost.error().message.contains("was lost"));
  check_without_password(lost.error());
  const auto unknown = database.write(Durability::full, [&](soci::session& session) -> Result<void> {
    ++runs;
    (void)add_secret(session, "a");
    server.kill();
    server.start();
    return {};
  });
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == ErrorCode::unavailable);
  CHECK(unknown.error().message.contains("not known"));
  CHECK(runs == 2);
  CHECK(names(database)->empty());
}

TEST_CASE("a server killed under its writers loses nothing that was acknowledged, and they go on") {
  Postgresql& server = Postgresql::shared();
  const OnPostgresql kind;
  opened(kind.location);
  std::atomic<bool> ends = false;
  std::array<std::vector<std::string>, 4> acknowledged;
  std::atomic<int> count = 0;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> writers;
  for (std::size_t i = 0; i < acknowledged.size(); ++i) {
    writers.emplace_back([&, i] {
      auto database = Database::open(kind.location);
      while (!database && !ends) database = Database::open(kind.location);
      for (int n = 0; !ends; ++n) {
        const auto name = std::to_string(i) + "-" + std::to_string(n);
        if (database->write(Durability::full, [&](soci::session& s) { return add_secret(s, name); })) {
          acknowledged[i].push_back(name);
          ++count;
        } else {
          ++failed;
          std::this_thread::yield();
        }
      }
    });
  }
  const auto await = [&](int more) {
    const int goal = count + more;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (count < goal && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    CHECK(count >= goal);
  };
  for (int round = 0; round < 3; ++round) {
    await(40);
    server.kill();
    server.start();
  }
  await(40);
  ends = true;
  writers.clear();
  CHECK(failed > 0);
  auto database = opened(kind.location);
  const auto stored = names(database);
  REQUIRE(stored.has_value());
  for (const auto& of_one : acknowledged) {
    for (const auto& name : of_one) CHECK(std::ranges::binary_search(*stored, name));
  }
}
