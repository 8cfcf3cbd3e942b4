#include "core/store/database.hpp"

#include <algorithm>
#include <soci/soci.h>
#include <string>
#include <string_view>
#include <utility>

#include "core/store/backend.hpp"
#include "core/store/migrations.hpp"
#include "core/store/postgresql_url.hpp"
#include "core/store/text_flaw.hpp"

namespace runagents::store {
namespace {

void execute_all(soci::session& session, const Backend& backend, std::string_view statements) {
  constexpr std::string_view blanks = " \t\r\n";
  while (!statements.empty()) {
    const std::size_t end = std::min(statements.find(';'), statements.size());
    const std::string_view one = statements.substr(0, end);
    if (one.find_first_not_of(blanks) != std::string_view::npos) session << backend.adapted(one);
    statements.remove_prefix(std::min(end + 1, statements.size()));
  }
}

// Gives up what was not committed.
class Transaction {
 public:
  explicit Transaction(Backend& backend) : backend_{backend} {}
  ~Transaction() {
    if (!is_committed_) backend_.rollback();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void begin(Durability durability, Lock lock) { backend_.begin(durability, lock); }
  void commit() {
    backend_.commit();
    is_committed_ = true;
  }

 private:
  Backend& backend_;
  bool is_committed_ = false;
};

Result<void> migrate(Database& database, Backend& backend) {
  const auto known = static_cast<int>(migrations().size());
  const auto version = database.read([&](soci::session&) -> Result<int> { return backend.schema_version(); });
  if (!version) return std::unexpected(version.error());
  if (*version == known) return {};
  return database.write(Durability::full, [&](soci::session& open) -> Result<void> {
    const int current = backend.schema_version();
    if (current > known) {
      return fail(ErrorCode::conflict,
                  "the store " + backend.name() + " has schema version " + std::to_string(current) +
                      ", this program knows versions up to " + std::to_string(known),
                  "a newer runagents has used it: use that one, or another store");
    }
    if (current == known) return {};
    for (int next = current; next < known; ++next) {
      execute_all(open, backend, migrations()[static_cast<std::size_t>(next)]);
    }
    backend.set_schema_version(known);
    return {};
  });
}

}  // namespace

struct Database::State {
  std::unique_ptr<Backend> backend;
  soci::session* session = nullptr;  // while a piece of work is under way

  Result<void> attempt(const Erased& work);
};

Result<void> Database::State::attempt(const Erased& work) {
  try {
    return work(*session);
  } catch (const TextFlaw&) {
    return fail(ErrorCode::usage, "a text must not have a NUL character in it");
  } catch (const soci::soci_error& error) {
    return std::unexpected(backend->explain(error));
  }
}

Database::Database(std::unique_ptr<State> state) : state_{std::move(state)} {}
Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

Result<Database> Database::open(const std::filesystem::path& file, const DatabaseOptions& options) {
  return opened(open_sqlite(file, options));
}

Result<Database> Database::open(const std::string& location, const DatabaseOptions& options) {
  if (is_postgresql_url(location)) return opened(open_postgresql(location, options));
  return open(std::filesystem::path{location}, options);
}

Result<Database> Database::opened(Result<std::unique_ptr<Backend>> backend) {
  if (!backend) return std::unexpected(std::move(backend.error()));
  Database database{std::make_unique<State>(std::move(*backend))};
  if (auto migrated = migrate(database, *database.state_->backend); !migrated) {
    return std::unexpected(migrated.error());
  }
  return database;
}

Result<void> Database::guard(const Erased& work) {
  // Work within work goes on in the same transaction, and on a connection that must stay the same.
  if (state_->session != nullptr) return state_->attempt(work);
  auto session = state_->backend->session();
  if (!session) return std::unexpected(std::move(session.error()));
  struct Ending {
    State& state;
    ~Ending() { state.session = nullptr; }
  } const ending{*state_};
  state_->session = *session;
  return state_->attempt(work);
}

Result<void> Database::transact(Durability durability, bool is_append, const Erased& work) {
  if (state_->session != nullptr) return fail(ErrorCode::internal, "a transaction within other work of the store");
  return guard([&](soci::session& session) -> Result<void> {
    Transaction transaction{*state_->backend};
    transaction.begin(durability, is_append ? Lock::nothing : Lock::writers);
    Result<void> outcome = work(session);
    if (outcome) transaction.commit();
    return outcome;
  });
}

}  // namespace runagents::store
