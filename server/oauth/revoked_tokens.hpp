#pragma once

#include <chrono>
#include <string>

namespace soci {
class session;
}

namespace runagents::server {

/// The deny list of tokens: what was revoked before it expired, by `jti`, whole logins, by `sid`, and all that a key
/// signed, by `kid`. Entries go when what they refuse has expired anyway. Within a transaction of the caller's; both
/// throw soci::soci_error.

/// Also takes up to a hundred entries away that are of no use any more.
void add_revoked(soci::session& session, const std::string& id, std::chrono::sys_seconds expires_at);

/// Whether a token is on the list, or its login, or its key. `login` may be empty.
[[nodiscard]] bool is_revoked(soci::session& session, const std::string& id, const std::string& login,
                              const std::string& key);

}  // namespace runagents::server
