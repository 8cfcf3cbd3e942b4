#pragma once

#include <chrono>

struct pg_conn;  // PGconn of <libpq-fe.h>

namespace runagents::store {

/// Whether libpq could be loaded; the first call loads it. Until it was true, no function of libpq may be called.
/// Thread-safe.
[[nodiscard]] bool has_libpq() noexcept;

/// How long the answer to one statement is waited for on this connection, which is then shut down, as one that was
/// lost. libpq by itself waits for ever for a server that is there and says nothing. Half a minute where nothing else
/// is said, or zero. `patience` must outlive the connection.
void set_patience(pg_conn& connection, const std::chrono::milliseconds& patience) noexcept;

}  // namespace runagents::store
