#include "core/auth/token_verifier.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/key_cache.hpp"
#include "core/auth/strict_json.hpp"
#include "core/auth/token_cache.hpp"
#include "core/auth/token_claims.hpp"

namespace runagents::auth {

using model::RefusalCode;
using Time = std::chrono::system_clock::time_point;

struct TokenVerifier::State {
  std::vector<model::IdentityProvider> providers;
  std::vector<KeyCache> keys;  ///< of the provider of the same index
  TokenCache verified;
};

namespace {

constexpr std::size_t max_claims_depth = 8;

std::unexpected<TokenRefusal> refuse(RefusalCode code, std::string message) {
  return std::unexpected(TokenRefusal{code, std::move(message)});
}

/// A token that is well formed and names a provider that is known here. Nothing in it is proved.
struct UnprovedToken {
  JsonWebSignature jws;
  nlohmann::json claims;
  std::size_t provider = 0;
};

bool is_token_type(std::string_view type) {
  const auto lower = lowered(type);
  std::string_view rest = lower;
  constexpr std::string_view prefix = "application/";
  if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  return rest == "jwt" || rest == "at+jwt";
}

std::expected<UnprovedToken, TokenRefusal> parse(std::string_view text,
                                                 const std::vector<model::IdentityProvider>& providers) {
  auto jws = parse_compact(text);
  if (!jws) return refuse(RefusalCode::token_invalid, "the token is not accepted: " + jws.error());
  // A token that was made for another purpose is none of a user's (RFC 8725, section 3.11).
  if (jws->type && !is_token_type(*jws->type)) {
    return refuse(RefusalCode::token_invalid, "the token's type is not JWT or at+jwt");
  }
  auto claims = read_strict_object(jws->payload, max_claims_depth);
  if (!claims) return refuse(RefusalCode::token_invalid, "the token's payload " + claims.error());
  const auto* issuer = text_member(*claims, "iss");
  if (issuer == nullptr) return refuse(RefusalCode::token_invalid, "the token names no issuer");
  const auto provider = std::ranges::find(providers, *issuer, &model::IdentityProvider::issuer);
  if (provider == providers.end()) {
    return refuse(RefusalCode::token_invalid, "no identity provider has the issuer " + shown(*issuer));
  }
  const auto index = static_cast<std::size_t>(provider - providers.begin());
  return UnprovedToken{.jws = *std::move(jws), .claims = *std::move(claims), .provider = index};
}

bool is_unknown_key(const UnprovedToken& token, const KeySet& keys) {
  return token.jws.key_id && !keys.has(*token.jws.key_id);
}

}  // namespace

TokenVerifier::TokenVerifier(std::vector<model::IdentityProvider> providers) : state_{std::make_unique<State>()} {
  state_->keys.resize(providers.size());
  state_->providers = std::move(providers);
}

TokenVerifier::~TokenVerifier() = default;
TokenVerifier::TokenVerifier(TokenVerifier&&) noexcept = default;
TokenVerifier& TokenVerifier::operator=(TokenVerifier&&) noexcept = default;

const model::IdentityProvider* TokenVerifier::needs_keys(std::string_view token, Time now) const {
  if (token.size() > JsonWebSignature::max_bytes) return nullptr;
  if (const auto* known = state_->verified.find(sha256(token), now)) {
    return state_->keys[known->provider].is_due(now) ? &state_->providers[known->provider] : nullptr;
  }
  const auto unproved = parse(token, state_->providers);
  if (!unproved) return nullptr;
  const auto& cache = state_->keys[unproved->provider];
  const auto* keys = cache.keys(now);
  const bool is_wanted =
      cache.is_due(now) || (keys != nullptr && is_unknown_key(*unproved, *keys) && cache.may_look_up(now));
  return is_wanted ? &state_->providers[unproved->provider] : nullptr;
}

void TokenVerifier::take_keys(const model::IdentityProvider& provider, Result<FetchedKeys> keys, Time now) {
  const auto found = std::ranges::find(state_->providers, provider.name, &model::IdentityProvider::name);
  if (found == state_->providers.end()) return;
  state_->keys[static_cast<std::size_t>(found - state_->providers.begin())].take(keys, now);
  if (keys) state_->verified.clear();
}

std::expected<VerifiedToken, TokenRefusal> TokenVerifier::verify(std::string_view token, Time now) const {
  if (token.size() > JsonWebSignature::max_bytes) {
    return refuse(RefusalCode::token_invalid, "the token is larger than 16 KiB");
  }
  const auto digest = sha256(token);
  const auto* known = state_->verified.find(digest, now);
  if (known != nullptr && state_->keys[known->provider].keys(now) != nullptr) return known->token;
  const auto unproved = parse(token, state_->providers);
  if (!unproved) return std::unexpected(unproved.error());
  const auto& provider = state_->providers[unproved->provider];
  const auto& cache = state_->keys[unproved->provider];
  const auto* keys = cache.keys(now);
  if (keys == nullptr || (is_unknown_key(*unproved, *keys) && cache.is_failing())) {
    return refuse(RefusalCode::keys_unavailable,
                  "the keys of identity provider \"" + provider.name + "\" cannot be had at the moment");
  }
  if (is_unknown_key(*unproved, *keys)) {
    return refuse(RefusalCode::token_invalid, "the issuer has no key " + shown(*unproved->jws.key_id));
  }
  if (!verify_signature(unproved->jws, *keys)) {
    return refuse(RefusalCode::token_invalid, "no key of the issuer made the token's signature");
  }
  auto verified = check_claims(unproved->claims, provider, now);
  if (verified) state_->verified.put(digest, {.token = *verified, .provider = unproved->provider});
  return verified;
}

}  // namespace runagents::auth
