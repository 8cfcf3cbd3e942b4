#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/key_set.hpp"
#include "core/auth/signing_key.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// What anybody may know of a key that signs tokens.
struct SigningKeyFacts {
  std::string id;         ///< `kid`
  std::string algorithm;  ///< "ES256", "RS256"
  std::string jwk;        ///< JSON
  model::Time created_at;
  model::Time signs_from;
  std::optional<model::Time> retires_at;  ///< no token that it signed is accepted from then on

  [[nodiscard]] bool is_over(model::Time now) const noexcept { return retires_at && *retires_at <= now; }
  bool operator==(const SigningKeyFacts&) const = default;
};

/// The keys that this server signs tokens with, shared by all its processes through the store. A new key is published
/// before it signs, and the one before it stays published until what it signed has expired; so nobody who caches the
/// key set meets a token whose key they do not have. Of one thread. Blocks.
class SigningKeys {
 public:
  /// The longest that a token may live.
  static constexpr std::chrono::seconds max_token_lifetime{3600};
  /// For so long a new key is published only. Key sets are cached for half of it.
  static constexpr std::chrono::seconds publication{600};
  /// How old what tokens are verified with may be. An unknown key id looks earlier.
  static constexpr std::chrono::seconds max_age{5};

  SigningKeys(store::Database& database, StoreKey& key) : database_{database}, store_key_{key} {}

  /// The key that signs now. The first one, an ES256 key, is made when there is none. Valid until the next call.
  [[nodiscard]] Result<const auth::SigningKey*> current();
  /// What may verify a token that names this key. Valid until the next call.
  [[nodiscard]] Result<const auth::KeySet*> verifying(std::string_view key_id);
  /// Those that are not over, the newest first.
  [[nodiscard]] Result<std::vector<SigningKeyFacts>> list();

  /// Makes a key that takes over after `publication`. `at_once`: now, and nothing that the others signed is accepted
  /// any more, in no process, for a key that somebody got hold of. ErrorCode::conflict while another one is about to
  /// take over.
  [[nodiscard]] Result<SigningKeyFacts> rotate(const Actor& actor, std::string_view algorithm, bool at_once);

 private:
  Result<void> load();

  store::Database& database_;
  StoreKey& store_key_;
  std::vector<SigningKeyFacts> keys_;
  std::chrono::steady_clock::time_point loaded_at_;
  std::optional<auth::KeySet> key_set_;
  std::optional<auth::SigningKey> signing_;
};

}  // namespace runagents::server
