#pragma once

#include <string>
#include <string_view>

namespace runagents::store {

/// A statement of core/store/migrations.cpp as PostgreSQL has to have it, so that columns behave as they do in SQLite:
/// texts are compared byte by byte whatever the locale of the database, and any whole number has 64 bits.
[[nodiscard]] std::string for_postgresql(std::string_view statement);

}  // namespace runagents::store
