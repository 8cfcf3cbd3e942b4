#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/user.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

struct NewApiKey {
  std::string name;
  std::string user = {};                 ///< id or e-mail address; empty: the actor's own
  std::optional<model::Role> role = {};  ///< at most the owner's and the actor's, which is also the default
  std::optional<model::Time> expires_at = {};
};

struct CreatedApiKey {
  model::ApiKey key;
  config::Secret value;  ///< shown this once
};

/// Users' API keys: "rl_" and 256 random bits in base64url. The store has their SHA-256 only.
///
/// A key is found by its digest. That takes no time that would tell anything: who does not know the key cannot choose
/// digests that approach the one in the index, and nothing slower than SHA-256 is needed where guessing means 2^256
/// tries.
class ApiKeys {
 public:
  explicit ApiKeys(store::Database& database) : database_{database} {}

  /// For oneself; an admin may for others, and never with more than the owner's role.
  [[nodiscard]] Result<CreatedApiKey> create(const Actor& actor, const NewApiKey& wanted);
  /// Whether there has never been one. Blocks.
  [[nodiscard]] Result<bool> empty();
  /// The very first key; nothing when there is one already, whatever has become of it. `deliver` gets it before it
  /// counts: what that fails with is returned, and there is no key.
  [[nodiscard]] Result<std::optional<CreatedApiKey>> create_first(
      const Actor& actor, const NewApiKey& wanted, const std::function<Result<void>(const CreatedApiKey&)>& deliver);
  /// Whether a text has the shape of a key, which is no more than a prefix.
  [[nodiscard]] static bool looks_like_key(std::string_view text) noexcept { return text.starts_with("rl_"); }
  /// Whose key this is, with the lesser of the key's and the owner's role; ErrorCode::unauthenticated, reason
  /// "invalid_api_key", when it is unknown, expired or revoked or its owner is deactivated.
  [[nodiscard]] Result<Principal> find(std::string_view key);
  /// One's own; an admin: all, or those of `user` (id or e-mail address). Newest first.
  [[nodiscard]] Result<Page<model::ApiKey>> list(const Actor& actor, std::string_view user, const Paging& paging);
  /// By id, prefix, or a name that is unique among the keys one may revoke: one's own; an admin: all (by id or prefix
  /// only). Twice is fine. What is somebody else's is ErrorCode::not_found.
  [[nodiscard]] Result<model::ApiKey> revoke(const Actor& actor, std::string_view id_or_name);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
