#include <cerrno>
#include <fcntl.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "core/store/backend.hpp"
#include "core/store/sqlite_failure.hpp"

namespace runagents::store {
namespace {

using Clock = std::chrono::steady_clock;

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

// PostgreSQL's octet_length, which SQLite has by itself from 3.43 on.
void octet_length(sqlite_api::sqlite3_context* context, int /*one*/, sqlite_api::sqlite3_value** value) {
  if (sqlite_api::sqlite3_value_type(*value) == SQLITE_NULL) return sqlite_api::sqlite3_result_null(context);
  (void)sqlite_api::sqlite3_value_text(*value);
  sqlite_api::sqlite3_result_int64(context, sqlite_api::sqlite3_value_bytes(*value));
}

class Sqlite final : public Backend {
 public:
  Sqlite(std::filesystem::path file, const DatabaseOptions& options)
      : file_{std::move(file)}, name_{file_.string()}, options_{options} {}

  void connect();
  Result<void> use_write_ahead_log();

  [[nodiscard]] Result<soci::session*> session() override { return session_.get(); }
  void begin(Durability durability, Lock lock) override;
  void commit() override;
  void rollback() noexcept override;
  [[nodiscard]] int schema_version() override;
  void set_schema_version(int version) override { *session_ << "PRAGMA user_version = " + std::to_string(version); }
  [[nodiscard]] std::string adapted(std::string_view statement) const override { return std::string{statement}; }
  [[nodiscard]] Error explain(const soci::soci_error& error) const override {
    return explain_sqlite(code_of(error), file_, options_.lock_timeout);
  }
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }

 private:
  void attempt(const char* statement) noexcept;
  void relax() noexcept;
  void leave() noexcept;

  std::filesystem::path file_;
  std::string name_;
  DatabaseOptions options_;
  std::unique_ptr<soci::session> session_;
  bool is_strict_ = false;
  std::unique_lock<std::timed_mutex> turn_;  ///< among the writers of this process
};

void Sqlite::connect() {
  session_ = std::make_unique<soci::session>(soci::sqlite3, "db=\"" + name_ + "\"");
  auto* connection = static_cast<soci::sqlite3_session_backend*>(session_->get_backend())->conn_;
  sqlite_api::sqlite3_busy_timeout(connection, static_cast<int>(options_.lock_timeout.count()));
  sqlite_api::sqlite3_wal_autocheckpoint(connection, options_.checkpoint_pages);
  sqlite_api::sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite_api::sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite_api::sqlite3_create_function_v2(connection, "octet_length", 1,
                                         SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr, &octet_length,
                                         nullptr, nullptr, nullptr);
  if (sqlite_api::sqlite3_db_readonly(connection, "main") == 1) {
    throw soci::sqlite3_soci_error("read-only", SQLITE_READONLY);
  }
  *session_ << "PRAGMA synchronous = NORMAL";
}

// Leaving the rollback journal needs the file for itself, and SQLite does not wait for that: so this does.
Result<void> Sqlite::use_write_ahead_log() {
  const auto deadline = Clock::now() + options_.lock_timeout;
  for (;;) {
    try {
      std::string mode;
      *session_ << "PRAGMA journal_mode", soci::into(mode);
      if (mode != "wal") *session_ << "PRAGMA journal_mode = WAL", soci::into(mode);
      if (mode == "wal") return {};
      return fail(ErrorCode::unavailable, "the store " + name_ + " cannot be used by several processes",
                  "its file system does not support shared memory: keep it on a local disk");
    } catch (const soci::soci_error& error) {
      if (!is_contention(code_of(error)) || Clock::now() > deadline) return std::unexpected(explain(error));
    }
    std::this_thread::sleep_for(contention_pause);
  }
}

// There is one writer at a time in any case, so the lock is taken at once, before anything is read. Whose turn does not
// come in time fails by SQLite's own lock.
void Sqlite::begin(Durability durability, Lock /*lock*/) {
  if (options_.writers) turn_ = std::unique_lock{*options_.writers, options_.lock_timeout};
  is_strict_ = durability == Durability::full;
  if (is_strict_) *session_ << "PRAGMA synchronous = FULL";
  *session_ << "BEGIN IMMEDIATE";
}

void Sqlite::commit() {
  *session_ << "COMMIT";
  leave();
}

// After some failures (full disk) SQLite has rolled back by itself and refuses to do it again.
void Sqlite::rollback() noexcept {
  auto* connection = static_cast<soci::sqlite3_session_backend*>(session_->get_backend())->conn_;
  if (sqlite_api::sqlite3_get_autocommit(connection) == 0) attempt("ROLLBACK");
  leave();
}

void Sqlite::leave() noexcept {
  relax();
  turn_ = {};
}

// Staying with "synchronous = FULL" is only slower.
void Sqlite::relax() noexcept {
  if (std::exchange(is_strict_, false)) attempt("PRAGMA synchronous = NORMAL");
}

void Sqlite::attempt(const char* statement) noexcept {
  try {
    *session_ << statement;
  } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch)
  }
}

int Sqlite::schema_version() {
  int version = 0;
  *session_ << "PRAGMA user_version", soci::into(version);
  return version;
}

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& file, const DatabaseOptions& options) {
  if (file.string().find('"') != std::string::npos) {
    return fail(ErrorCode::configuration, "the path of the store must not have a double quote in it: " + file.string());
  }
  if (auto made = make_private(file); !made) return std::unexpected(made.error());
  auto sqlite = std::make_unique<Sqlite>(file, options);
  try {
    sqlite->connect();
  } catch (const soci::soci_error& error) {
    return std::unexpected(sqlite->explain(error));
  }
  if (auto ready = sqlite->use_write_ahead_log(); !ready) return std::unexpected(ready.error());
  return sqlite;
}

}  // namespace runagents::store
