#pragma once

namespace runagents::store {

/// Whether libpq could be loaded; the first call loads it. Until it was true, no function of libpq may be called.
/// Thread-safe.
[[nodiscard]] bool has_libpq() noexcept;

}  // namespace runagents::store
