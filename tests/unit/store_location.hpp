#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/unit/postgresql.hpp"

namespace runagents::tests {

/// Whether stores of tests are in PostgreSQL: RUNAGENTS_TEST_STORE=postgresql in the environment, as the test
/// unit_server_postgresql has it. The server is started before anything can fork.
inline const bool uses_postgresql = [] {
  const char* kind = std::getenv("RUNAGENTS_TEST_STORE");
  if (kind == nullptr || std::string_view{kind} != "postgresql") return false;
  (void)Postgresql::shared();
  return true;
}();

/// Where the store of the test lies whose directory this is: a SQLite file in it, or a PostgreSQL schema named after
/// it. The same directory is the same store, also in processes that a test forks.
inline std::string store_location(const std::filesystem::path& directory) {
  if (!uses_postgresql) return (directory / "runagents.db").string();
  std::string name = "s";
  for (const char c : directory.string()) {
    constexpr std::string_view digits = "0123456789abcdef";
    name += digits[static_cast<unsigned char>(c) >> 4];
    name += digits[static_cast<unsigned char>(c) & 0xf];
  }
  name.erase(1, name.size() > 60 ? name.size() - 60 : 0);  // names have 63 bytes; the end is what differs
  return Postgresql::shared().store(name);
}

}  // namespace runagents::tests
