#pragma once

#include <functional>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// Makes a POST that a client sends again with the same `Idempotency-Key` happen once
/// (draft-ietf-httpapi-idempotency-key-header). A key is of one principal, method and target. It is written down,
/// durably, before the work begins, and the answer after it, sealed, for 24 hours.
///
/// The same request again gets the same answer, with `idempotency-replayed: true`. Another body with the same key is
/// refused with 422. While the work is under way, and when its outcome is not known because the process died or lost
/// the database meanwhile, the answer is 409: nothing is done twice. An answer that says that nothing was done (5xx)
/// is not kept, so the same key may be used again.
///
/// Of one thread; any number of processes on one store. Blocks.
class Idempotency {
 public:
  Idempotency(store::Database& database, StoreKey& key) : database_{database}, store_key_{key} {}

  /// Does `work` at most once. A request that is no POST, or has no key, is no business of it.
  [[nodiscard]] api::Response answer(const Principal& principal, const api::Request& request,
                                     const std::function<api::Response()>& work);

 private:
  store::Database& database_;
  StoreKey& store_key_;
};

}  // namespace runagents::server
