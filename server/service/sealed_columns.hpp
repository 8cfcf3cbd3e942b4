#pragma once

#include <span>
#include <string_view>

#include "core/auth/sealer.hpp"
#include "core/error.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// A column of the store whose texts are sealed. An empty text is nothing and is left alone.
struct SealedColumn {
  std::string_view table;
  std::string_view column;
  std::string_view key;    ///< the primary key, a text; or a SQL expression that is different for each row
  std::string_view place;  ///< SQL expression over a row: the associated data that its value is sealed with
  std::string_view label;  ///< SQL expression over a row: what a person calls it, for messages
};

/// All of them. A table that gets a sealed column gets a line here, or a change of the key makes its values unreadable.
[[nodiscard]] std::span<const SealedColumn> sealed_columns() noexcept;

/// Opens every sealed value and seals it again. Inside of a write transaction; throws soci::soci_error. Returns how
/// many there are. One that does not open is an error.
[[nodiscard]] Result<std::uint64_t> seal_all_again(soci::session& session, const auth::Sealer& sealer);

}  // namespace runagents::server
