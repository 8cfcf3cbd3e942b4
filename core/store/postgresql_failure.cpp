#include "core/store/postgresql_failure.hpp"

namespace runagents::store {
namespace {

Error unavailable(std::string message, std::string hint) {
  return {ErrorCode::unavailable, std::move(message), std::move(hint)};
}

// Blank where no server has said anything that libpq understands.
bool is_end_of_connection(std::string_view sqlstate) {
  return sqlstate.find_first_not_of(' ') == std::string_view::npos || sqlstate.starts_with("08") ||
         sqlstate.starts_with("57P") || sqlstate == "25P03";
}

}  // namespace

Error explain_postgresql(std::string_view sqlstate, const std::string& name, std::chrono::milliseconds lock_timeout) {
  const std::string store = "the store " + name;
  if (is_end_of_connection(sqlstate)) return unavailable("the connection to " + store + " was lost", "try again");
  if (sqlstate == "55P03") {
    return unavailable(
        store + " was locked by another process for " + std::to_string(lock_timeout.count()) + " ms",
        "try again; if it stays so, look into pg_locks and pg_stat_activity for who holds the advisory lock");
  }
  if (sqlstate == "57014") return unavailable(store + " took longer than the server's statement_timeout", "try again");
  if (sqlstate.starts_with("40")) return unavailable(store + " was changed by somebody else meanwhile", "try again");
  if (sqlstate == "53100") return unavailable("the disk of " + store + " is full", "make room and try again");
  if (sqlstate.starts_with("53")) return unavailable(store + " has no room for more work", "raise its limits");
  if (sqlstate == "25006") {
    return unavailable(store + " is read-only", "name the primary server, or add target_session_attrs=read-write");
  }
  if (sqlstate == "42501" || sqlstate == "3F000") {
    return unavailable(store + " does not let its user do this",
                       "the user needs to own the schema, or USAGE and CREATE on it and all rights to its tables");
  }
  if (sqlstate.starts_with("58")) {
    return unavailable("the server of " + store + " cannot read or write", "look into its log");
  }
  if (sqlstate.starts_with("XX")) {
    return {ErrorCode::internal, store + " is damaged or its server has failed", "look into the server's log"};
  }
  if (sqlstate.starts_with("23")) return {ErrorCode::conflict, store + " already has such an entry"};
  if (sqlstate.starts_with("54")) return {ErrorCode::usage, "a text is too long for " + store};
  if (sqlstate == "22021" || sqlstate == "22P05") return {ErrorCode::usage, "a text is not UTF-8"};
  return {ErrorCode::internal, store + " failed: SQLSTATE " + std::string{sqlstate}};
}

}  // namespace runagents::store
