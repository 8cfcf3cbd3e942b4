#pragma once

#include <string>
#include <string_view>

#include "core/model/approval.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// What is handed out and taken back once: rows of a table with the columns `digest`, `expires_at` and, where they are
/// kept for a while after their use, `consumed_at`. Inside of a transaction; these throw soci::soci_error.

/// False: somebody else was first.
[[nodiscard]] bool consume_row(soci::session& session, std::string_view table, const std::string& digest);
/// Forgets some of those that expired before that time, so that a table stays as small as what is in use.
void forget_rows(soci::session& session, std::string_view table, model::Time before);

}  // namespace runagents::server
