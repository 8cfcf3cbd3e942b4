#include <algorithm>
#include <libpq-fe.h>
#include <memory>
#include <poll.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <string>
#include <utility>

#include "core/store/backend.hpp"
#include "core/store/dialect.hpp"
#include "core/store/libpq.hpp"
#include "core/store/postgresql_failure.hpp"
#include "core/store/postgresql_url.hpp"

namespace runagents::store {
namespace {

// What every writer of every replica takes: "runagent" in ASCII. Advisory locks belong to one database of a server.
constexpr const char* writers_lock = "8247619657224515188";
// A replica that stands still or is cut off within a transaction must not hold up the others for long.
constexpr std::chrono::milliseconds longest_pause = std::chrono::seconds{30};

std::string sqlstate_of(const soci::soci_error& error) {
  const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&error);
  return postgresql == nullptr ? std::string{"unknown"} : postgresql->sqlstate();
}

// libpq would print them on the standard error.
void ignore_notice(void* /*nothing*/, const char* /*message*/) {}

bool has_news(int socket) {
  pollfd one{socket, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

// Looks without asking: a server that has gone has closed its connections.
bool is_alive(PGconn* connection) {
  while (::PQstatus(connection) == CONNECTION_OK && has_news(::PQsocket(connection))) {
    if (::PQconsumeInput(connection) == 0) return false;
  }
  return ::PQstatus(connection) == CONNECTION_OK && ::PQtransactionStatus(connection) == PQTRANS_IDLE;
}

class Postgresql final : public Backend {
 public:
  Postgresql(PostgresqlTarget target, const DatabaseOptions& options) : target_{std::move(target)}, options_{options} {}

  Result<void> connect();

  [[nodiscard]] Result<soci::session*> session() override;
  void begin(Durability durability, Lock lock) override;
  void commit() override;
  void rollback() noexcept override;
  [[nodiscard]] int schema_version() override;
  void set_schema_version(int version) override;
  [[nodiscard]] std::string adapted(std::string_view statement) const override { return for_postgresql(statement); }
  [[nodiscard]] Error explain(const soci::soci_error& error) const override;
  [[nodiscard]] const std::string& name() const noexcept override { return target_.name; }

 private:
  [[nodiscard]] PGconn* connection() const {
    return static_cast<soci::postgresql_session_backend*>(session_->get_backend())->conn_;
  }
  [[nodiscard]] Error why_not_connected(const soci::soci_error& error) const;

  PostgresqlTarget target_;
  DatabaseOptions options_;
  std::unique_ptr<soci::session> session_;
  bool is_committing_ = false;
};

Error Postgresql::why_not_connected(const soci::soci_error& error) const {
  std::string reason = error.get_error_message();
  reason.erase(0, reason.find('\n') == std::string::npos ? 0 : reason.find('\n') + 1);
  if (!target_.password.empty() && reason.contains(target_.password)) reason = "it refuses";
  std::ranges::replace_if(reason, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  reason.erase(reason.find_last_not_of(' ') + 1);
  return {ErrorCode::unavailable, "cannot connect to the store " + target_.name + ": " + reason};
}

Result<void> Postgresql::connect() {
  session_.reset();
  try {
    session_ = std::make_unique<soci::session>(soci::postgresql, target_.parameters);
  } catch (const soci::soci_error& error) {
    return std::unexpected(why_not_connected(error));
  }
  set_patience(*connection(), target_.patience);
  ::PQsetNoticeProcessor(connection(), &ignore_notice, nullptr);
  const char* encoding = ::PQparameterStatus(connection(), "server_encoding");
  if (encoding == nullptr || std::string_view{encoding} != "UTF8") {
    session_.reset();
    return fail(ErrorCode::configuration, "the store " + target_.name + " does not keep its texts in UTF-8",
                "make the database with: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0");
  }
  return {};
}

Result<soci::session*> Postgresql::session() {
  if (!session_ || !is_alive(connection())) {
    if (auto connected = connect(); !connected) return std::unexpected(connected.error());
  }
  return session_.get();
}

// Under READ COMMITTED every statement sees what was committed before it began. So whoever has the lock sees all that
// its earlier holders have written, which a snapshot of a stricter level, taken before the lock, would not.
void Postgresql::begin(Durability durability, Lock lock) {
  is_committing_ = false;
  std::string statements = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL synchronous_commit = ";
  statements += durability == Durability::full ? "on" : "off";
  statements += "; SET LOCAL lock_timeout = " + std::to_string(options_.lock_timeout.count());
  statements += "; SET LOCAL idle_in_transaction_session_timeout = " + std::to_string(longest_pause.count());
  if (lock == Lock::writers) statements += std::string{"; SELECT pg_advisory_xact_lock("} + writers_lock + ")";
  *session_ << statements;
}

void Postgresql::commit() {
  // COMMIT of a transaction in which a statement has failed rolls back and reports success.
  if (::PQtransactionStatus(connection()) == PQTRANS_INERROR) {
    throw soci::soci_error("a statement failed and the work went on");
  }
  is_committing_ = true;
  *session_ << "COMMIT";
  is_committing_ = false;
}

void Postgresql::rollback() noexcept {
  const auto status = ::PQtransactionStatus(connection());
  if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR) return;
  try {
    *session_ << "ROLLBACK";
  } catch (const soci::soci_error&) {  // NOLINT(bugprone-empty-catch): the server gives up what has no connection
  }
}

// From the catalogue's own table: to_regclass and the like may still answer as of the beginning of the transaction,
// before the wait for the lock.
int Postgresql::schema_version() {
  int is_there = 0;
  *session_ << "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'schema_version' "
               "AND relnamespace = current_schema()::regnamespace",
      soci::into(is_there);
  int version = 0;
  if (is_there == 1) *session_ << "SELECT coalesce(max(version), 0) FROM schema_version", soci::into(version);
  return version;
}

void Postgresql::set_schema_version(int version) {
  *session_ << "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)";
  *session_ << "DELETE FROM schema_version";
  *session_ << "INSERT INTO schema_version (version) VALUES (" + std::to_string(version) + ")";
}

Error Postgresql::explain(const soci::soci_error& error) const {
  auto explained = explain_postgresql(sqlstate_of(error), target_.name, options_.lock_timeout);
  if (is_committing_ && explained.code == ErrorCode::unavailable) {
    explained.message += " while it was writing: whether the change is stored is not known";
    explained.hint = "look whether it is there before trying again";
    explained.reason = "outcome_unknown";
  }
  return explained;
}

}  // namespace

Result<std::unique_ptr<Backend>> open_postgresql(const std::string& url, const DatabaseOptions& options) {
  if (!has_libpq()) {
    return fail(ErrorCode::unavailable, "the library for PostgreSQL (libpq.so.5) cannot be loaded",
                "install the package libpq5");
  }
  auto target = parse_postgresql_url(url);
  if (!target) return std::unexpected(target.error());
  auto postgresql = std::make_unique<Postgresql>(std::move(*target), options);
  if (auto connected = postgresql->connect(); !connected) return std::unexpected(connected.error());
  return postgresql;
}

}  // namespace runagents::store
