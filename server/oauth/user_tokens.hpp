#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/user.hpp"
#include "core/store/database.hpp"
#include "server/service/users.hpp"

namespace runagents::server {

class ProviderKeys;

/// Who a JWT of an identity provider speaks for.
struct TokenUser {
  model::User user;      ///< as in the store; perhaps deactivated
  std::string provider;  ///< name of the identity provider
  std::chrono::sys_seconds expires_at;
};

/// Finds the user of a JWT that one of the registered identity providers issued. The claim that the provider's
/// `user_id_claim` names is a user's id or e-mail address here. Of one thread; the keys are shared by all threads of a
/// process. Blocks: it may have to fetch a provider's keys.
class UserTokens {
 public:
  /// `keys` is not null.
  UserTokens(store::Database& database, Users& users, std::shared_ptr<ProviderKeys> keys)
      : database_{database}, users_{users}, keys_{std::move(keys)} {}

  /// ErrorCode::unauthenticated, reason "invalid_token", when the token is none that can be accepted; reason
  /// "unknown_user" when it is, and its user is none here; ErrorCode::unavailable when the provider's keys cannot be
  /// had.
  [[nodiscard]] Result<TokenUser> identify(std::string_view token);

 private:
  store::Database& database_;
  Users& users_;
  std::shared_ptr<ProviderKeys> keys_;
};

}  // namespace runagents::server
