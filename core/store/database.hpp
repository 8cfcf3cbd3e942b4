#pragma once

#include <chrono>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <type_traits>

#include "core/error.hpp"

namespace soci {
class session;
}

namespace runagents::store {

/// Whether a transaction may be lost when the machine (not just the process) dies right after it. `full` waits for the
/// disk: for decisions of people and for what must happen once.
enum class Durability { normal, full };

struct DatabaseOptions {
  /// How long to wait for other processes that write.
  std::chrono::milliseconds lock_timeout = std::chrono::seconds{10};
};

/// One connection to the store, a SQLite file in WAL mode, so that readers and one writer work side by side over many
/// processes. Opening an up-to-date file takes well under two milliseconds and closing it does no work: the write-ahead
/// log is folded in while writing, every 256 pages, which also bounds what the next opening has to read.
///
/// Work is passed in as functions that get the session and return `Result<T>`. Exceptions of the database layer end at
/// this class; their texts, which quote parameters, go nowhere. Not thread-safe.
class Database {
 public:
  /// Opens, and where needed creates (mode 0600) and migrates. A file that a newer version of the program has migrated
  /// is refused.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, const DatabaseOptions& options = {});
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// Runs statements that change nothing.
  template <std::invocable<soci::session&> Work>
  auto read(Work work) -> std::invoke_result_t<Work, soci::session&> {
    return run<Work>(work, [this](const auto& erased) { return guard(erased); });
  }

  /// Runs `work` in one transaction that holds the write lock from its beginning, so that what it reads cannot change
  /// before it writes. An error that it returns rolls everything back.
  template <std::invocable<soci::session&> Work>
  auto write(Durability durability, Work work) -> std::invoke_result_t<Work, soci::session&> {
    return run<Work>(work, [&](const auto& erased) { return transact(durability, erased); });
  }

 private:
  using Erased = std::function<Result<void>(soci::session&)>;
  struct State;
  explicit Database(std::unique_ptr<State> state);

  Result<void> guard(const Erased& work);
  Result<void> transact(Durability durability, const Erased& work);

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
