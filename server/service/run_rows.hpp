#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/run.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// Rows of the table `runs`. Functions throw soci::soci_error: use them inside of Database::read and Database::write.

/// The run with exactly this id.
[[nodiscard]] Result<model::Run> load_run(soci::session& session, const std::string& id);
void insert_run(soci::session& session, const model::Run& run);
/// Writes what can change during a run: status, reason, exit code, cancellation, times.
void update_run(soci::session& session, const model::Run& run);

}  // namespace runagents::server
