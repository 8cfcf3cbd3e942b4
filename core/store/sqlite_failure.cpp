#include "core/store/sqlite_failure.hpp"

#include <sqlite3.h>
#include <string>

namespace runagents::store {

bool is_contention(int code) noexcept { return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED; }

Error explain_sqlite(int code, const std::filesystem::path& file, std::chrono::milliseconds lock_timeout) {
  const std::string name = file.string();
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {
          ErrorCode::unavailable,
          "the store " + name + " was locked by another process for " + std::to_string(lock_timeout.count()) + " ms",
          "try again; if it stays so, find the process with: fuser " + name};
    case SQLITE_FULL:
      return {ErrorCode::unavailable, "the disk of the store " + name + " is full", "make room and try again"};
    case SQLITE_READONLY:
      return {ErrorCode::unavailable, "the store " + name + " is read-only",
              "make the file and its directory writable for you"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::internal, "the store " + name + " is damaged or is not a runagents database",
              "move it away to start with an empty one; journals of runs are separate files and stay"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::unavailable, "cannot open the store " + name,
              "check that the file and its directory are yours and writable"};
    case SQLITE_IOERR:
      return {ErrorCode::unavailable,
              "cannot read or write the store " + name + ": " + std::string{sqlite3_errstr(code)},
              "check the disk and its free space"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::conflict, "the store " + name + " already has such an entry", {}};
    default:
      return {ErrorCode::internal, "the store " + name + " failed: " + std::string{sqlite3_errstr(code)}, {}};
  }
}

}  // namespace runagents::store
