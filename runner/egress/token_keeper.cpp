#include "runner/egress/token_keeper.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "core/auth/hash.hpp"
#include "core/auth/scopes.hpp"

namespace runagents::egress {
namespace {

using enum model::OAuthGrant;
using auth::StoredTokens;
using auth::TokenFailure;
using model::Consent;
using std::chrono::sys_seconds;

constexpr std::chrono::seconds longest_margin{60};
constexpr std::chrono::milliseconds lease_poll{50};
/// After a refresh that failed while the token was still good.
constexpr std::chrono::seconds refresh_pause{5};

sys_seconds clock_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

/// Ahead of the end by a fifth of the lifetime, so that a call that takes a while still arrives with a good token.
std::optional<sys_seconds> renewal_of(const std::optional<sys_seconds>& expires_at, sys_seconds issued_at) {
  if (!expires_at) return std::nullopt;
  const auto lifetime = std::max(*expires_at - issued_at, std::chrono::seconds{0});
  return *expires_at - std::min(longest_margin, lifetime / 5);
}

config::Secret copy(const config::Secret& secret) { return config::Secret{std::string{secret.reveal()}}; }

AccessToken access_token(const auth::Tokens& tokens, sys_seconds issued_at, std::string label) {
  return {copy(tokens.access_token), renewal_of(tokens.expires_at, issued_at), tokens.expires_at, std::move(label)};
}

bool is_refused(const auth::Tokens& tokens, const TokenWanted& wanted) {
  return !wanted.refused.empty() && tokens.access_token.reveal() == wanted.refused.reveal();
}

}  // namespace

bool TokenKeeper::Minted::is_over() const { return tokens.expires_at && clock_now() >= *tokens.expires_at; }

bool TokenKeeper::Minted::is_fresh(const TokenWanted& wanted) const {
  const auto renew_at = renewal_of(tokens.expires_at, issued_at);
  return !is_refused(tokens, wanted) && (!renew_at || clock_now() < *renew_at);
}

/// A consent with its tokens opened.
struct TokenKeeper::Held {
  Consent consent;
  StoredTokens stored;

  [[nodiscard]] sys_seconds issued_at() const { return std::chrono::floor<std::chrono::seconds>(consent.updated_at); }
  [[nodiscard]] AccessToken token() const {
    return access_token(stored.tokens, issued_at(), consent.place.end_user.empty() ? "shared" : "user");
  }
  [[nodiscard]] bool is_fresh(const TokenWanted& wanted) const {
    if (is_refused(stored.tokens, wanted)) return false;
    const auto renew_at = renewal_of(stored.tokens.expires_at, issued_at());
    return !renew_at || clock_now() < *renew_at;
  }
  /// Not to be preferred, but still good.
  [[nodiscard]] bool is_valid(const TokenWanted& wanted) const {
    const auto& expires_at = stored.tokens.expires_at;
    return !is_refused(stored.tokens, wanted) && (!expires_at || clock_now() < *expires_at);
  }
};

NoToken TokenKeeper::unavailable(const Error& error) const {
  return {.needs_consent = false,
          .wrong_client = false,
          .message = "the token of " + tool_.title() + ": " + error.message,
          .hint = error.hint};
}

NoToken TokenKeeper::lost() const {
  const auto name = tool_.title();
  if (tool_.auth.may_use(authorization_code)) {
    return {.needs_consent = true, .wrong_client = false, .message = name + " needs the consent of its user"};
  }
  return {.needs_consent = false,
          .wrong_client = false,
          .message = "the stored token of " + name + " is not taken any more",
          .hint = tool_.auth.refresh_token ? "put a new refresh token where the configuration refers to" : ""};
}

TokenKeeper::Outcome TokenKeeper::failed(const TokenFailure& failure) const {
  if (failure.kind == TokenFailure::Kind::grant_lost) return std::unexpected(lost());
  const bool is_wrong = failure.kind == TokenFailure::Kind::configuration;
  return std::unexpected(
      NoToken{.needs_consent = false,
              .wrong_client = is_wrong,
              .message = "no token for " + tool_.title() + ": " + failure.message,
              .hint = is_wrong ? "check client_id, client_secret, client_auth, scopes and grants" : ""});
}

Result<TokenKeeper::Held> TokenKeeper::open(Consent consent) const {
  auto stored = auth::open_tokens(sealer_, consent.sealed, consent.place);
  if (!stored) {
    return fail(stored.error().code, "the stored token cannot be opened: " + stored.error().message,
                "runagents consents revoke " + consent.id + " removes it");
  }
  return Held{std::move(consent), std::move(*stored)};
}

Result<Consent> TokenKeeper::store(Consent consent, const StoredTokens& stored) {
  const auto& tokens = stored.tokens;
  consent.client_id = tool_.auth.client_id;
  consent.status = model::ConsentStatus::active;
  consent.expires_at.reset();
  if (tokens.expires_at) consent.expires_at = *tokens.expires_at;
  if (tokens.scopes) consent.scopes = *tokens.scopes;
  return put(std::move(consent), stored);
}

Result<Consent> TokenKeeper::put(Consent consent, const StoredTokens& stored) {
  for (;;) {
    consent.sealed = auth::seal_tokens(sealer_, stored, consent.place);
    auto kept = plane_.put_consent(consent);
    if (!kept || sealer_.is_newest(consent.sealed)) return kept;
    // The store's key was being changed meanwhile, and may not have found this value.
    consent = std::move(*kept);
  }
}

TokenKeeper::Outcome TokenKeeper::obtain(const TokenWanted& wanted, const ClientSecrets& secrets) {
  const auto& auth = tool_.auth;
  if (auth.may_use(token_exchange) && !wanted.user_token.empty()) {
    const auto whose = auth::hex(auth::sha256(wanted.user_token.reveal()));
    return minted("token_exchange", whose, wanted, [&] { return client(secrets).exchange(wanted.user_token); });
  }
  if (!wanted.user.empty()) {
    if (auto own = from_store(wanted.user, wanted, secrets)) return std::move(*own);
  }
  if (auto shared = from_store({}, wanted, secrets)) return std::move(*shared);
  if (auth.may_use(client_credentials)) {
    return minted("client_credentials", {}, wanted, [&] { return client(secrets).client_credentials(); });
  }
  if (auth.may_use(authorization_code)) return std::unexpected(lost());
  return std::unexpected(NoToken{
      .needs_consent = false,
      .wrong_client = false,
      .message = "there is no token for " + tool_.title(),
      .hint = auth.may_use(token_exchange) ? "it takes calls that an end user makes through the ingress only" : ""});
}

/// Tokens that can be had again at any time are kept in memory only.
TokenKeeper::Outcome TokenKeeper::minted(const std::string& label, const std::string& whose, const TokenWanted& wanted,
                                         const std::function<auth::OAuth2Client::Outcome()>& mint) {
  std::erase_if(minted_, [](const auto& one) { return one.second.is_over(); });
  auto found = minted_.find(label + whose);
  if (found == minted_.end() || !found->second.is_fresh(wanted)) {
    auto tokens = mint();
    if (!tokens) return failed(tokens.error());
    found = minted_.insert_or_assign(label + whose, Minted{std::move(*tokens), clock_now()}).first;
  }
  return access_token(found->second.tokens, found->second.issued_at, label);
}

TokenKeeper::Maybe TokenKeeper::from_store(const std::string& user, const TokenWanted& wanted,
                                           const ClientSecrets& secrets) {
  auto known = plane_.find_consent(auth::token_place(tool_, user));
  if (!known) return std::unexpected(unavailable(known.error()));
  const bool is_seeded = user.empty() && tool_.auth.refresh_token && !secrets.refresh_token.empty();
  const bool is_active = *known && (*known)->status == model::ConsentStatus::active;
  if (is_seeded && !is_active) return from_seed(*known, wanted, secrets);
  if (!*known) return std::nullopt;
  // Somebody who gave a consent that is lost is asked again, and does not come to use what is shared.
  if (!is_active || !auth::covers((*known)->requested_scopes, tool_.auth.scopes)) return std::unexpected(lost());
  auto held = open(std::move(**known));
  if (!held) return std::unexpected(unavailable(held.error()));
  return use(std::move(*held), wanted, secrets);
}

TokenKeeper::Outcome TokenKeeper::use(Held held, const TokenWanted& wanted, const ClientSecrets& secrets) {
  if (held.is_fresh(wanted)) return held.token();
  const bool may_refresh = tool_.auth.may_use(refresh_token) && !held.stored.tokens.refresh_token.empty();
  const bool is_patient = held.is_valid(wanted) && std::chrono::steady_clock::now() < refresh_again_;
  if (may_refresh && !is_patient) return refresh(std::move(held), wanted, secrets);
  if (held.is_valid(wanted)) return held.token();
  // Nothing can be made of it any more, and the tool does not take it.
  return give_up(std::move(held));
}

TokenKeeper::Outcome TokenKeeper::give_up(Held held) {
  held.consent.status = model::ConsentStatus::lost;
  // Whoever is faster has something newer.
  static_cast<void>(put(std::move(held.consent), held.stored));
  return std::unexpected(lost());
}

Result<Consent> TokenKeeper::lease(const std::string& id, bool now_or_never) {
  // A process that died with the lease keeps it to its end.
  const auto until = std::chrono::steady_clock::now() + lease_length + 2 * lease_poll;
  for (;;) {
    auto leased = plane_.lease_consent(id, holder_, lease_length);
    const bool is_held = !leased && leased.error().code == ErrorCode::conflict;
    if (!is_held || now_or_never || std::chrono::steady_clock::now() >= until) return leased;
    std::this_thread::sleep_for(lease_poll);
  }
}

TokenKeeper::Outcome TokenKeeper::refresh(Held held, const TokenWanted& wanted, const ClientSecrets& secrets) {
  auto leased = lease(held.consent.id, held.is_valid(wanted));
  // Somebody else is at it, and there is time.
  if (!leased && leased.error().code == ErrorCode::conflict && held.is_valid(wanted)) return held.token();
  // Revoked while this waited.
  if (!leased && leased.error().code == ErrorCode::not_found) return std::unexpected(lost());
  if (!leased) {
    return std::unexpected(unavailable(leased.error()));
  }
  if (leased->version == held.consent.version) return refresh_leased(std::move(held), wanted, secrets);
  const auto id = leased->id;
  const bool is_active = leased->status == model::ConsentStatus::active;
  auto renewed = open(std::move(*leased));
  // Somebody else has been here in the meantime.
  if (is_active && renewed && !renewed->is_fresh(wanted) && !renewed->stored.tokens.refresh_token.empty()) {
    return refresh_leased(std::move(*renewed), wanted, secrets);
  }
  static_cast<void>(plane_.release_consent(id, holder_));
  if (is_active && renewed && renewed->is_valid(wanted)) return renewed->token();
  return std::unexpected(lost());
}

TokenKeeper::Outcome TokenKeeper::refresh_leased(Held held, const TokenWanted& wanted, const ClientSecrets& secrets) {
  auto tokens = client(secrets).refresh(held.stored.tokens.refresh_token);
  if (!tokens) {
    if (tokens.error().kind == TokenFailure::Kind::grant_lost) return give_up(std::move(held));
    static_cast<void>(plane_.release_consent(held.consent.id, holder_));
    refresh_again_ = std::chrono::steady_clock::now() + refresh_pause;
    if (held.is_valid(wanted)) return held.token();
    return failed(tokens.error());
  }
  // A server that does not rotate sends none (RFC 6749, 6).
  if (tokens->refresh_token.empty()) tokens->refresh_token = copy(held.stored.tokens.refresh_token);
  StoredTokens fresh{std::move(*tokens), held.stored.seed};
  const auto kept = store(held.consent, fresh);
  if (!kept && kept.error().code == ErrorCode::conflict) return instead_of(held.consent, wanted);
  if (!kept) return std::unexpected(unavailable(kept.error()));
  return Held{*kept, std::move(fresh)}.token();
}

/// Somebody has given a new consent, or has taken this one back, while its token was being renewed.
TokenKeeper::Outcome TokenKeeper::instead_of(const Consent& consent, const TokenWanted& wanted) {
  auto newer = plane_.find_consent(consent.place);
  if (!newer) return std::unexpected(unavailable(newer.error()));
  if (!*newer || (*newer)->status != model::ConsentStatus::active) return std::unexpected(lost());
  const auto held = open(std::move(**newer));
  if (!held) return std::unexpected(unavailable(held.error()));
  if (!held->is_valid(wanted)) return std::unexpected(lost());
  return held->token();
}

/// A place in the store for what will come of the configured refresh token: something to have a lease on.
Result<Consent> TokenKeeper::reserve_shared() {
  Consent consent;
  consent.place = auth::token_place(tool_, {});
  consent.client_id = tool_.auth.client_id;
  consent.scopes = consent.requested_scopes = tool_.auth.scopes;
  consent.status = model::ConsentStatus::lost;
  auto kept = put(consent, {});
  if (kept || kept.error().code != ErrorCode::conflict) return kept;
  auto theirs = plane_.find_consent(consent.place);
  if (!theirs) return std::unexpected(theirs.error());
  if (!*theirs) return fail(ErrorCode::unavailable, "the shared token was deleted just now");
  return std::move(**theirs);
}

TokenKeeper::Outcome TokenKeeper::from_seed(const std::optional<Consent>& known, const TokenWanted& wanted,
                                            const ClientSecrets& secrets) {
  const auto reserved = known ? Result<Consent>{*known} : reserve_shared();
  auto leased = reserved ? lease(reserved->id, false) : reserved;
  if (!leased) return std::unexpected(unavailable(leased.error()));
  const bool is_there = leased->status == model::ConsentStatus::active;
  const auto id = leased->id;
  auto held = open(std::move(*leased));
  if (!held || is_there) static_cast<void>(plane_.release_consent(id, holder_));
  if (!held) return std::unexpected(unavailable(held.error()));
  // Another process was first.
  if (is_there) return use(std::move(*held), wanted, secrets);
  const auto seed = auth::hex(auth::sha256(secrets.refresh_token.reveal()));
  // The configured token that led to what is lost would be refused again.
  if (held->stored.seed == seed) {
    static_cast<void>(plane_.release_consent(id, holder_));
    return std::unexpected(lost());
  }
  auto tokens = client(secrets).refresh(secrets.refresh_token);
  if (!tokens && tokens.error().kind == TokenFailure::Kind::grant_lost) {
    held->stored = {.tokens = {}, .seed = seed};
    return give_up(std::move(*held));
  }
  if (!tokens) {
    static_cast<void>(plane_.release_consent(id, holder_));
    return failed(tokens.error());
  }
  if (tokens->refresh_token.empty()) tokens->refresh_token = copy(secrets.refresh_token);
  StoredTokens fresh{std::move(*tokens), seed};
  const auto kept = store(held->consent, fresh);
  if (!kept) return std::unexpected(unavailable(kept.error()));
  return Held{*kept, std::move(fresh)}.token();
}

Result<Consent> TokenKeeper::redeem(const std::string& user, const std::string& code, const std::string& redirect_uri,
                                    const std::string& verifier, const ClientSecrets& secrets) {
  auto tokens = client(secrets).redeem(code, redirect_uri, verifier);
  if (!tokens) {
    const bool is_lost = tokens.error().kind == TokenFailure::Kind::grant_lost;
    return fail(is_lost ? ErrorCode::needs_person : ErrorCode::unavailable, tokens.error().message);
  }
  const StoredTokens fresh{std::move(*tokens), {}};
  for (;;) {
    auto known = plane_.find_consent(auth::token_place(tool_, user));
    if (!known) return std::unexpected(known.error());
    Consent consent;
    if (*known) consent = std::move(**known);
    consent.place = auth::token_place(tool_, user);
    consent.scopes = consent.requested_scopes = tool_.auth.scopes;
    auto kept = store(std::move(consent), fresh);
    // The newest consent counts, whatever was done to the one before at the same time.
    if (kept || kept.error().code != ErrorCode::conflict) return kept;
  }
}

}  // namespace runagents::egress
