#pragma once

#include "server/routes/router.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/documents.hpp"

namespace runagents::server {

/// The documents that are kept for clients. For .cpp files.
struct DocumentStores {
  explicit DocumentStores(store::Database& database)
      : agents{database, agents_kind}, tools{database, tools_kind}, model_providers{database, model_providers_kind} {}

  Documents agents;
  Documents tools;
  Documents model_providers;
};

/// Adds /agents, /tools (with /probe and /{n}/test) and /model-providers. What is given must outlive the router.
void add_document_routes(Router& router, DocumentStores& stores, AuditLog& audit);
/// Adds /context/export: what the caller may read of all of this, in one answer. Asks `router` itself.
void add_context_route(Router& router);

}  // namespace runagents::server
