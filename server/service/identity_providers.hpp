#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/project.hpp"
#include "server/service/resources.hpp"

namespace runagents::server {

inline constexpr ResourceKind identity_providers_kind{"identity_provider", "identity provider"};

/// Who issues the JWTs by which users are known here beside their API keys.
class IdentityProviders {
 public:
  struct Stored {
    model::IdentityProvider provider;
    Resource resource;  ///< id and times
    bool is_new = false;
  };

  /// `own_issuer`: this server's, which none of them may have; empty: the embedded store.
  IdentityProviders(store::Database& database, std::string own_issuer)
      : resources_{database, identity_providers_kind}, own_issuer_{std::move(own_issuer)} {}

  /// Creates or replaces. Issuer and `jwks_uri` are required: https, or http on this machine. ErrorCode::conflict when
  /// another one has the same issuer.
  [[nodiscard]] Result<Stored> put(const Actor& actor, model::IdentityProvider provider);
  [[nodiscard]] Result<Stored> get(std::string_view name);
  [[nodiscard]] Result<std::vector<Stored>> list();
  [[nodiscard]] Result<void> remove(const Actor& actor, std::string_view name);
  /// Changes with every change of one of them.
  [[nodiscard]] Result<std::uint64_t> version();

 private:
  Resources resources_;
  std::string own_issuer_;
};

}  // namespace runagents::server
