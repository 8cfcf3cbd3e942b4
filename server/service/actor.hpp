#pragma once

#include <string>

#include "server/principal.hpp"

namespace runagents::server {

/// By whom, and in which request, something is done. Services that change things take it: they refuse what the
/// principal may not do, and write it into the audit log within the same transaction.
struct Actor {
  const Principal& principal;
  std::string request_id = {};
};

}  // namespace runagents::server
