#pragma once

#include "core/error.hpp"

namespace runagents::server {

class Plane;

/// Whether this process has the key that the store is sealed under. Several servers on one PostgreSQL need the same
/// `store.key` in their data directories; one with another key, or one that would make a new key for a store that is in
/// use, is ErrorCode::configuration. A store that nobody has used gets its first signing key. Blocks.
[[nodiscard]] Result<void> check_store_key(Plane& plane);

}  // namespace runagents::server
