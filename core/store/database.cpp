#include "core/store/database.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "core/store/failure.hpp"
#include "core/store/migrations.hpp"

namespace runagents::store {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int checkpoint_pages = 256;
constexpr std::chrono::milliseconds contention_pause{5};

int code_of(const soci::soci_error& error) {
  const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  return sqlite == nullptr ? SQLITE_ERROR : sqlite->result();
}

Error system_error(std::string what, int error) {
  return {ErrorCode::unavailable, std::move(what) + ": " + std::system_category().message(error), {}};
}

// SQLite creates files with the modes of its own choice and takes over the mode of the main file for the others.
Result<void> make_private(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) ::close(fd);
    if (fd >= 0 || errno == EEXIST) return {};
    return std::unexpected(system_error("cannot create the store " + file.string(), errno));
  }
  if ((status.st_mode & 077) != 0 && ::chmod(file.c_str(), status.st_mode & 0700) != 0) {
    return std::unexpected(system_error("cannot make the store " + file.string() + " private", errno));
  }
  return {};
}

int schema_version(soci::session& session) {
  int version = 0;
  session << "PRAGMA user_version", soci::into(version);
  return version;
}

void execute_all(soci::session& session, std::string_view statements) {
  constexpr std::string_view blanks = " \t\r\n";
  while (!statements.empty()) {
    const std::size_t end = std::min(statements.find(';'), statements.size());
    const std::string_view one = statements.substr(0, end);
    if (one.find_first_not_of(blanks) != std::string_view::npos) session << std::string{one};
    statements.remove_prefix(std::min(end + 1, statements.size()));
  }
}

// Takes the write lock at once, and gives up what was not committed.
class Transaction {
 public:
  Transaction(soci::session& session, Durability durability) : session_{session}, durability_{durability} {
    if (durability_ == Durability::full) session_ << "PRAGMA synchronous = FULL";
    session_ << "BEGIN IMMEDIATE";
    open_ = true;
  }
  ~Transaction() {
    // After some failures (full disk) SQLite has rolled back by itself and refuses to do it again; staying with
    // "synchronous = FULL" is only slower.
    if (open_) attempt("ROLLBACK");
    if (durability_ == Durability::full) attempt("PRAGMA synchronous = NORMAL");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit() {
    session_ << "COMMIT";
    open_ = false;
  }

 private:
  void attempt(const char* statement) noexcept {
    try {
      session_ << statement;
    } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch)
    }
  }

  soci::session& session_;
  Durability durability_;
  bool open_ = false;
};

}  // namespace

struct Database::State {
  std::filesystem::path file;
  DatabaseOptions options;
  std::unique_ptr<soci::session> session;

  [[nodiscard]] Error explained(const soci::soci_error& error) const {
    return explain(code_of(error), file, options.lock_timeout);
  }

  void connect();
  Result<void> use_write_ahead_log();
  Result<void> migrate(Database& database);
};

void Database::State::connect() {
  session = std::make_unique<soci::session>(soci::sqlite3, "db=\"" + file.string() + "\"");
  auto* connection = static_cast<soci::sqlite3_session_backend*>(session->get_backend())->conn_;
  sqlite_api::sqlite3_busy_timeout(connection, static_cast<int>(options.lock_timeout.count()));
  sqlite_api::sqlite3_wal_autocheckpoint(connection, checkpoint_pages);
  sqlite_api::sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite_api::sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (sqlite_api::sqlite3_db_readonly(connection, "main") == 1) {
    throw soci::sqlite3_soci_error("read-only", SQLITE_READONLY);
  }
  *session << "PRAGMA synchronous = NORMAL";
}

// Leaving the rollback journal needs the file for itself, and SQLite does not wait for that: so this does.
Result<void> Database::State::use_write_ahead_log() {
  const auto deadline = Clock::now() + options.lock_timeout;
  for (;;) {
    try {
      std::string mode;
      *session << "PRAGMA journal_mode", soci::into(mode);
      if (mode != "wal") *session << "PRAGMA journal_mode = WAL", soci::into(mode);
      if (mode == "wal") return {};
      return fail(ErrorCode::unavailable, "the store " + file.string() + " cannot be used by several processes",
                  "its file system does not support shared memory: keep it on a local disk");
    } catch (const soci::soci_error& error) {
      if (!is_contention(code_of(error)) || Clock::now() > deadline) return std::unexpected(explained(error));
    }
    std::this_thread::sleep_for(contention_pause);
  }
}

Result<void> Database::State::migrate(Database& database) {
  const auto known = static_cast<int>(migrations().size());
  const auto version = database.read([](soci::session& open) -> Result<int> { return schema_version(open); });
  if (!version) return std::unexpected(version.error());
  if (*version == known) return {};
  return database.write(Durability::full, [&](soci::session& open) -> Result<void> {
    const int current = schema_version(open);
    if (current > known) {
      return fail(ErrorCode::conflict,
                  "the store " + file.string() + " has schema version " + std::to_string(current) +
                      ", this program knows versions up to " + std::to_string(known),
                  "a newer runagents has used it: use that one, or move the file away");
    }
    for (int next = current; next < known; ++next) execute_all(open, migrations()[static_cast<std::size_t>(next)]);
    open << "PRAGMA user_version = " + std::to_string(known);
    return {};
  });
}

Database::Database(std::unique_ptr<State> state) : state_{std::move(state)} {}
Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

Result<Database> Database::open(const std::filesystem::path& file, const DatabaseOptions& options) {
  if (file.string().find('"') != std::string::npos) {
    return fail(ErrorCode::configuration, "the path of the store must not have a double quote in it: " + file.string());
  }
  if (auto made = make_private(file); !made) return std::unexpected(made.error());
  auto state = std::make_unique<State>(file, options, nullptr);
  try {
    state->connect();
  } catch (const soci::soci_error& error) {
    return std::unexpected(state->explained(error));
  }
  if (auto ready = state->use_write_ahead_log(); !ready) return std::unexpected(ready.error());
  Database database{std::move(state)};
  if (auto migrated = database.state_->migrate(database); !migrated) return std::unexpected(migrated.error());
  return database;
}

Result<void> Database::guard(const Erased& work) {
  try {
    return work(*state_->session);
  } catch (const soci::soci_error& error) {
    return std::unexpected(state_->explained(error));
  }
}

Result<void> Database::transact(Durability durability, const Erased& work) {
  return guard([&](soci::session& session) -> Result<void> {
    Transaction transaction{session, durability};
    Result<void> outcome = work(session);
    if (outcome) transaction.commit();
    return outcome;
  });
}

}  // namespace runagents::store
