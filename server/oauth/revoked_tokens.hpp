#pragma once

#include <chrono>
#include <string>

namespace soci {
class session;
}

namespace runagents::server {

/// The deny list of tokens: what was revoked before it expired, by `jti`, and whole logins, by `sid`. Entries go when
/// what they refuse has expired anyway. Within a transaction of the caller's; both throw soci::soci_error.

/// Also takes up to a hundred entries away that are of no use any more.
void add_revoked(soci::session& session, const std::string& id, std::chrono::sys_seconds expires_at);

/// Whether one of two ids is on the list; `other` may be empty.
[[nodiscard]] bool is_any_revoked(soci::session& session, const std::string& id, const std::string& other);

}  // namespace runagents::server
