#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/model/audit_entry.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// Empty: all. Objects by id or name; what is there no more by id only.
struct AuditFilter {
  std::string action = {};
  std::string server = {};
  std::string account = {};
  std::string user = {};
  std::string actor = {};  ///< a user or an agent account
  std::optional<model::Time> from = {};
  std::optional<model::Time> until = {};
};

/// Who did what. `detail` and everything else come without secrets: no keys, no tokens, no arguments of tools.
class AuditLog {
 public:
  explicit AuditLog(store::Database& database) : database_{database} {}

  /// Fills in id, time, request and who acted: for an agent account that acts for a user, also `account_id` and
  /// `user_id` where they are empty.
  [[nodiscard]] Result<void> add(const Actor& actor, model::AuditEntry entry);
  /// The same within a transaction of the caller's, so that nothing is changed without its entry. Throws
  /// soci::soci_error.
  [[nodiscard]] static Result<void> add(soci::session& session, const Actor& actor, model::AuditEntry entry);
  /// Newest first. Who is no admin gets entries that they made or that concern them.
  [[nodiscard]] Result<Page<model::AuditEntry>> list(const Actor& actor, const AuditFilter& filter,
                                                     const Paging& paging);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
