#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/project.hpp"
#include "core/model/refusal_code.hpp"

namespace runagents::auth {

class KeySet;

/// What a token that was found sound says.
struct VerifiedToken {
  std::string user;      ///< the claim that the provider's `user_id_claim` names
  std::string provider;  ///< the identity provider's name in the configuration
  std::vector<std::string> groups;
  std::chrono::sys_seconds expires_at;
};

/// Why a token is not accepted. The message names no part of the token but its algorithm, key id, issuer and audience.
struct TokenRefusal {
  model::RefusalCode code = model::RefusalCode::token_invalid;
  std::string message;
};

/// A provider's keys as they were fetched, and how long the provider lets them be kept. A value; may go to another
/// thread.
struct FetchedKeys {
  std::shared_ptr<const KeySet> keys;  ///< never null
  std::chrono::seconds fresh_for{0};   ///< by the answer's cache fields, within the bounds of the verifier
};

/// Gets the key set at the provider's `jwks_uri`. Blocks: call it on a worker; threads may call it at the same time.
/// Keys of the set that cannot verify a signature here are left out; an answer that is no key set, is too large or
/// leaves no key is ErrorCode::unavailable.
[[nodiscard]] Result<FetchedKeys> fetch_keys(const model::IdentityProvider& provider);

/// Decides whether a bearer token (a JWT in JWS compact serialisation, RFC 7519, RFC 7515, RFC 8725) speaks for an end
/// user. Does no I/O: the caller fetches keys when `needs_keys` asks for it, and hands them in. Belongs to one thread.
class TokenVerifier {
 public:
  explicit TokenVerifier(std::vector<model::IdentityProvider> providers);
  ~TokenVerifier();
  TokenVerifier(TokenVerifier&&) noexcept;
  TokenVerifier& operator=(TokenVerifier&&) noexcept;
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  /// The provider whose keys should be fetched before this token is judged; null: `verify` can tell now. It is asked
  /// for when there are no keys yet or they are past their time, and when the token names a key that is not among them;
  /// the latter so seldom that tokens cannot be used to flood the provider, and none of them soon after a fetch that
  /// failed. Never for a token that no key could save. The pointer lives as long as the verifier. Changes nothing: two
  /// callers at the same time are told the same, so whoever fetches keeps one fetch per provider under way.
  [[nodiscard]] const model::IdentityProvider* needs_keys(std::string_view token,
                                                          std::chrono::system_clock::time_point now) const;

  /// Hands in what `fetch_keys` gave for this provider (told by its name), an error included.
  void take_keys(const model::IdentityProvider& provider, Result<FetchedKeys> keys,
                 std::chrono::system_clock::time_point now);

  /// Judges with the keys at hand. Refuses with token_invalid, token_expired, audience_mismatch, domain_not_allowed, or
  /// keys_unavailable when there are no keys, or only ones that are too old to be trusted.
  [[nodiscard]] std::expected<VerifiedToken, TokenRefusal> verify(std::string_view token,
                                                                  std::chrono::system_clock::time_point now) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runagents::auth
