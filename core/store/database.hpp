#pragma once

#include <chrono>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "core/error.hpp"

namespace soci {
class session;
}

namespace runagents::store {

class Backend;

/// Whether a transaction may be lost when the machine of the store (of PostgreSQL also: its server) dies right after
/// it. `full` waits for the disk: for decisions of people and for what must happen once.
enum class Durability { normal, full };

struct DatabaseOptions {
  /// How long to wait for other processes that write.
  std::chrono::milliseconds lock_timeout = std::chrono::seconds{10};
  /// SQLite folds in its write-ahead log, and waits for the disk, whenever it has this many pages of 4 KiB: many make
  /// writing fast, few make the next opening fast.
  int checkpoint_pages = 256;
  /// SQLite: taken while writing by every connection of this process to the same file, which then wait for each other
  /// here instead of looking again and again; null: there is one.
  std::shared_ptr<std::timed_mutex> writers = {};
};

/// One connection to the store: a SQLite file in WAL mode, or a PostgreSQL that many replicas share. Work behaves the
/// same on both. SQL has to be what both understand; core/store/statement.hpp tells what to look out for.
///
/// Opening an up-to-date SQLite file takes well under two milliseconds and closing it does no work: the write-ahead log
/// is folded in while writing, every `checkpoint_pages`, which also bounds what the next opening has to read. Readers
/// and one writer work side by side over many processes.
///
/// A connection to PostgreSQL that was lost is made anew for the next piece of work. The piece that was under way fails
/// (ErrorCode::unavailable) and is not repeated; if that was during its COMMIT, the message says that the outcome is
/// unknown.
///
/// Work is passed in as functions that get the session and return `Result<T>`. Exceptions of the database layer end at
/// this class; their texts, which quote parameters, go nowhere. A text with a NUL is ErrorCode::usage. Not thread-safe.
class Database {
 public:
  /// Opens a SQLite file; where needed creates (mode 0600) and migrates it. One that a newer version of the program has
  /// migrated is refused.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, const DatabaseOptions& options = {});
  /// `location` is a URL that begins with postgresql:// or postgres://, or else the path of a SQLite file. Of the URL,
  /// only user, host, port and database are in messages. The database must exist, keep UTF-8, and have a schema in its
  /// search path that the user may create tables in; of several processes that open it at once, one migrates it.
  [[nodiscard]] static Result<Database> open(const std::string& location, const DatabaseOptions& options = {});
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// Runs statements that change nothing.
  template <std::invocable<soci::session&> Work>
  auto read(Work work) -> std::invoke_result_t<Work, soci::session&> {
    return run<Work>(work, [this](const auto& erased) { return guard(erased); });
  }

  /// Runs `work` in one transaction that holds the write lock from its beginning, so that what it reads cannot change
  /// before it writes, by whatever process or replica. An error that it returns rolls everything back. Of PostgreSQL,
  /// one that does nothing for 30 seconds loses its connection, and with it the lock. Not within other work.
  template <std::invocable<soci::session&> Work>
  auto write(Durability durability, Work work) -> std::invoke_result_t<Work, soci::session&> {
    return run<Work>(work, [&](const auto& erased) { return transact(durability, false, erased); });
  }

  /// The same without that lock where the database can do so, for work that decides nothing by what it reads: new rows
  /// of a log. It goes on while others write, and may become visible in another order than the rows were made in.
  template <std::invocable<soci::session&> Work>
  auto append(Durability durability, Work work) -> std::invoke_result_t<Work, soci::session&> {
    return run<Work>(work, [&](const auto& erased) { return transact(durability, true, erased); });
  }

 private:
  using Erased = std::function<Result<void>(soci::session&)>;
  struct State;
  explicit Database(std::unique_ptr<State> state);

  static Result<Database> opened(Result<std::unique_ptr<Backend>> backend);
  Result<void> guard(const Erased& work);
  Result<void> transact(Durability durability, bool is_append, const Erased& work);

  template <class Work, class Runner>
  static auto run(Work& work, Runner runner) -> std::invoke_result_t<Work, soci::session&> {
    std::invoke_result_t<Work, soci::session&> outcome = fail(ErrorCode::internal, "the work was not done");
    const Result<void> done = runner(Erased{[&](soci::session& session) -> Result<void> {
      outcome = work(session);
      if (!outcome) return std::unexpected(outcome.error());
      return {};
    }});
    if (!done) return std::unexpected(done.error());
    return outcome;
  }

  std::unique_ptr<State> state_;
};

}  // namespace runagents::store
