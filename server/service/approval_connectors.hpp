#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/approval_connector.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

struct ConnectorChange {
  std::optional<std::string> name = {};
  std::optional<bool> enabled = {};
  std::optional<std::chrono::seconds> timeout = {};
};

/// A connector and the key that signs its messages, which is shown this once.
struct ConnectorWithSecret {
  model::ApprovalConnector connector;
  config::Secret secret;
};

/// Webhooks that learn of approval requests, named by id or name; of admins only. An endpoint stays what it is: another
/// one is another connector, with a key of its own.
class ApprovalConnectors {
 public:
  ApprovalConnectors(store::Database& database, StoreKey& key) : database_{database}, key_{key} {}

  /// ErrorCode::usage for an endpoint that is no URL of a web server; ErrorCode::conflict when the name is taken.
  [[nodiscard]] Result<ConnectorWithSecret> create(const Actor& actor, model::ApprovalConnector connector);
  [[nodiscard]] Result<model::ApprovalConnector> get(std::string_view id_or_name);
  [[nodiscard]] Result<Page<model::ApprovalConnector>> list(const Paging& paging);
  [[nodiscard]] Result<model::ApprovalConnector> change(const Actor& actor, std::string_view id_or_name,
                                                        const ConnectorChange& change);
  /// What is not delivered yet stays undelivered.
  [[nodiscard]] Result<model::ApprovalConnector> remove(const Actor& actor, std::string_view id_or_name);
  /// The key of its messages. Blocks.
  [[nodiscard]] Result<config::Secret> secret(const std::string& id);

 private:
  store::Database& database_;
  StoreKey& key_;
};

}  // namespace runagents::server
