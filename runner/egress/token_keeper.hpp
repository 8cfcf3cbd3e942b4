#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/api/control_plane.hpp"
#include "core/auth/oauth2.hpp"
#include "core/auth/stored_tokens.hpp"
#include "core/config/secret.hpp"
#include "core/model/tool.hpp"

namespace runagents::egress {

/// An access token and how long it is good.
struct AccessToken {
  config::Secret value;
  std::optional<std::chrono::sys_seconds> renew_at{};    ///< when the next one should be asked for; empty: never
  std::optional<std::chrono::sys_seconds> expires_at{};  ///< empty: not known
  std::string label{};  ///< whose it is, for the record: "shared", "client_credentials"
};

/// Why there is no access token.
struct NoToken {
  bool needs_consent = false;  ///< a person can give it
  bool wrong_client = false;   ///< the client's secret may have changed
  std::string message;         ///< names no secret
  std::string hint{};
};

/// For whom a token is wanted.
struct TokenWanted {
  std::string user;           ///< empty: nobody
  config::Secret user_token;  ///< with which the user came, for token exchange; empty: none
  config::Secret refused;     ///< an access token that the tool does not take; empty: none
};

/// What references of the tool lead to; empty where there is no reference.
struct ClientSecrets {
  config::Secret client_secret;
  config::Secret refresh_token;
};

/// Gets the access tokens of one tool and keeps them in the control plane: looks for the user's own token, then for the
/// shared one, then for the client's own; refreshes under a lease, so that of all processes one uses a refresh token;
/// a new refresh token is on disk before the access token that came with it is used. Blocks; of one thread.
class TokenKeeper {
 public:
  using Outcome = std::expected<AccessToken, NoToken>;

  TokenKeeper(const model::Tool& tool, api::ControlPlane& plane, const auth::Sealer& sealer, auth::Fetch fetch,
              std::string holder)
      : tool_{tool}, plane_{plane}, sealer_{sealer}, fetch_{std::move(fetch)}, holder_{std::move(holder)} {}

  [[nodiscard]] Outcome obtain(const TokenWanted& wanted, const ClientSecrets& secrets);

  /// Stores what a person's consent gave, in place of what was there.
  [[nodiscard]] Result<model::Consent> redeem(const std::string& user, const std::string& code,
                                              const std::string& redirect_uri, const std::string& verifier,
                                              const ClientSecrets& secrets);

  /// How long another process may hold the lease: longer than a request to the token endpoint takes.
  std::chrono::milliseconds lease_length = std::chrono::seconds{15};

 private:
  struct Held;
  struct Minted {
    auth::Tokens tokens;
    std::chrono::sys_seconds issued_at;

    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool is_fresh(const TokenWanted& wanted) const;
  };
  using Maybe = std::optional<Outcome>;

  [[nodiscard]] Maybe from_store(const std::string& user, const TokenWanted& wanted, const ClientSecrets& secrets);
  [[nodiscard]] Outcome use(Held held, const TokenWanted& wanted, const ClientSecrets& secrets);
  [[nodiscard]] Outcome refresh(Held held, const TokenWanted& wanted, const ClientSecrets& secrets);
  [[nodiscard]] Outcome refresh_leased(Held held, const TokenWanted& wanted, const ClientSecrets& secrets);
  [[nodiscard]] Outcome from_seed(const std::optional<model::Consent>& known, const TokenWanted& wanted,
                                  const ClientSecrets& secrets);
  [[nodiscard]] Result<model::Consent> reserve_shared();
  [[nodiscard]] Outcome minted(const std::string& label, const std::string& whose, const TokenWanted& wanted,
                               const std::function<auth::OAuth2Client::Outcome()>& mint);
  [[nodiscard]] Outcome give_up(Held held);
  [[nodiscard]] Outcome instead_of(const model::Consent& consent, const TokenWanted& wanted);
  [[nodiscard]] Result<Held> open(model::Consent consent) const;
  [[nodiscard]] Result<model::Consent> lease(const std::string& id, bool now_or_never);
  [[nodiscard]] Result<model::Consent> put(model::Consent consent, const auth::StoredTokens& tokens);
  [[nodiscard]] Result<model::Consent> store(model::Consent consent, const auth::StoredTokens& tokens);
  [[nodiscard]] Outcome failed(const auth::TokenFailure& failure) const;
  [[nodiscard]] NoToken lost() const;
  [[nodiscard]] NoToken unavailable(const Error& error) const;
  [[nodiscard]] auth::OAuth2Client client(const ClientSecrets& secrets) const {
    return {tool_.auth, secrets.client_secret, fetch_};
  }

  const model::Tool& tool_;
  api::ControlPlane& plane_;
  const auth::Sealer& sealer_;
  auth::Fetch fetch_;
  std::string holder_;
  std::map<std::string, Minted> minted_;
  std::chrono::steady_clock::time_point refresh_again_{};
};

}  // namespace runagents::egress
