#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/store/database.hpp"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace runagents::store {

/// What a transaction keeps from happening beside it.
enum class Lock { writers, nothing };

/// One connection to one kind of database: all that `Database` needs to know of the kind. Functions throw
/// soci::soci_error unless they return a Result. Not thread-safe.
class Backend {
 public:
  Backend() = default;
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  /// The session for the next piece of work; a connection that was lost since the last one is made anew. Valid until
  /// the next call.
  [[nodiscard]] virtual Result<soci::session*> session() = 0;

  /// `begin` is followed by one `commit`, and by `rollback` if either of them fails or nothing is to be kept.
  virtual void begin(Durability durability, Lock lock) = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

  [[nodiscard]] virtual int schema_version() = 0;
  /// Inside of a transaction.
  virtual void set_schema_version(int version) = 0;
  /// A statement of a migration as this kind of database has it.
  [[nodiscard]] virtual std::string adapted(std::string_view statement) const = 0;

  [[nodiscard]] virtual Error explain(const soci::soci_error& error) const = 0;
  /// The store in messages; no secrets.
  [[nodiscard]] virtual const std::string& name() const noexcept = 0;
};

[[nodiscard]] Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& file,
                                                           const DatabaseOptions& options);
[[nodiscard]] Result<std::unique_ptr<Backend>> open_postgresql(const std::string& url, const DatabaseOptions& options);

}  // namespace runagents::store
