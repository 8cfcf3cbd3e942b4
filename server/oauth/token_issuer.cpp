#include "server/oauth/token_issuer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/strict_json.hpp"
#include "core/store/statement.hpp"
#include "server/oauth/revoked_tokens.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::sys_seconds;

constexpr std::size_t max_depth = 4;
constexpr std::string_view token_type = "at+jwt";
constexpr std::string_view resource_prefix = "/api/v1/proxy/";
constexpr std::string_view resource_suffix = "/mcp";

std::unexpected<Error> invalid(std::string why) {
  return fail(ErrorCode::unauthenticated, "the token " + std::move(why), "get a new token", "invalid_token");
}

std::string_view word(AccessToken::Kind kind) {
  switch (kind) {
    case AccessToken::Kind::account:
      return "account";
    case AccessToken::Kind::delegated:
      return "delegated";
    case AccessToken::Kind::user:
      break;
  }
  return "user";
}

std::optional<AccessToken::Kind> kind_of(std::string_view text) {
  for (const auto kind : {AccessToken::Kind::account, AccessToken::Kind::delegated, AccessToken::Kind::user}) {
    if (word(kind) == text) return kind;
  }
  return std::nullopt;
}

sys_seconds now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

Json audience(const AccessToken& token, const TokenIssuer& issuer) {
  if (token.server_ids.empty()) return issuer.issuer();
  Json urls = Json::array();
  for (const auto& id : token.server_ids) urls.push_back(issuer.resource(id));
  return urls.size() == 1 ? urls.front() : urls;
}

Json claims_of(const AccessToken& token, const TokenIssuer& issuer) {
  Json claims = {{"iss", issuer.issuer()},
                 {"sub", token.kind == AccessToken::Kind::account ? token.account_id : token.user_id},
                 {"aud", audience(token, issuer)},
                 {"client_id", token.client_id},
                 {"iat", token.issued_at.time_since_epoch().count()},
                 {"exp", token.expires_at.time_since_epoch().count()},
                 {"jti", token.id},
                 {"principal", word(token.kind)}};
  if (token.kind == AccessToken::Kind::delegated) claims["act"] = {{"sub", token.account_id}};
  if (token.kind == AccessToken::Kind::user) {
    claims["role"] = word(token.role);
    if (!token.session.empty()) claims["sid"] = token.session;
  }
  return claims;
}

/// Reads claims that this server wrote itself; a signature over something else is no reason to be lenient.
class Claims {
 public:
  explicit Claims(const nlohmann::json& json) : json_{json} {}

  std::string text(std::string_view name, bool is_required = true) {
    const auto* found = auth::text_member(json_, name);
    if (found != nullptr && !found->empty()) return *found;
    is_complete_ = is_complete_ && !is_required;
    return {};
  }
  sys_seconds time(std::string_view name) {
    const auto found = json_.find(name);
    if (found != json_.end() && found->is_number_integer())
      return sys_seconds{std::chrono::seconds{found->get<long long>()}};
    is_complete_ = false;
    return {};
  }
  [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }

 private:
  const nlohmann::json& json_;
  bool is_complete_ = true;
};

/// False: it is for somebody else.
bool read_audience(const nlohmann::json& claims, const TokenIssuer& issuer, AccessToken& token) {
  const auto found = claims.find("aud");
  if (found == claims.end()) return false;
  if (*found == issuer.issuer()) return true;
  const auto urls = found->is_array() ? *found : nlohmann::json::array({*found});
  for (const auto& url : urls) {
    auto id = url.is_string() ? issuer.server_of(url.get_ref<const std::string&>()) : std::nullopt;
    if (!id) return false;
    token.server_ids.push_back(std::move(*id));
  }
  return !urls.empty();
}

std::optional<AccessToken> read_claims(const nlohmann::json& json) {
  Claims claims{json};
  const auto kind = kind_of(claims.text("principal"));
  if (!kind) return std::nullopt;
  AccessToken token{.kind = *kind};
  (token.kind == AccessToken::Kind::account ? token.account_id : token.user_id) = claims.text("sub");
  token.client_id = claims.text("client_id");
  token.id = claims.text("jti");
  token.issued_at = claims.time("iat");
  token.expires_at = claims.time("exp");
  if (token.kind == AccessToken::Kind::delegated) {
    const auto act = json.find("act");
    if (act == json.end() || !act->is_object()) return std::nullopt;
    Claims actor{*act};
    token.account_id = actor.text("sub");
    if (!actor.is_complete()) return std::nullopt;
  }
  if (token.kind == AccessToken::Kind::user) {
    const auto role = role_of(claims.text("role"));
    if (!role) return std::nullopt;
    token.role = *role;
    token.session = claims.text("sid", false);
  }
  return claims.is_complete() ? std::optional{std::move(token)} : std::nullopt;
}

bool is_access_token(const std::optional<std::string>& type) {
  if (!type) return false;
  const auto lower = lowered(*type);
  return lower == token_type || lower == "application/at+jwt";
}

}  // namespace

std::chrono::seconds lifetime_until(const std::optional<model::Time>& end) {
  if (!end) return SigningKeys::max_token_lifetime;
  return std::min(std::chrono::floor<std::chrono::seconds>(*end - model::now()), SigningKeys::max_token_lifetime);
}

std::string TokenIssuer::resource(std::string_view server_id) const {
  return issuer_ + std::string{resource_prefix} + std::string{server_id} + std::string{resource_suffix};
}

std::optional<std::string> TokenIssuer::server_of(std::string_view url) const {
  for (const auto prefix : {std::string_view{issuer_}, resource_prefix}) {
    if (!url.starts_with(prefix)) return std::nullopt;
    url.remove_prefix(prefix.size());
  }
  if (!url.ends_with(resource_suffix)) return std::nullopt;
  url.remove_suffix(resource_suffix.size());
  if (url.empty() || url.contains('/')) return std::nullopt;
  return std::string{url};
}

Result<IssuedToken> TokenIssuer::issue(AccessToken token, std::chrono::seconds lifetime) {
  if (lifetime < std::chrono::seconds{1} || lifetime > SigningKeys::max_token_lifetime) {
    return fail(ErrorCode::internal, "a token cannot live for " + std::to_string(lifetime.count()) + " s");
  }
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  const auto key = keys_.current();
  if (!key) return std::unexpected(key.error());
  token.id = std::move(*id);
  token.issued_at = now();
  token.expires_at = token.issued_at + lifetime;
  config::Secret text{(*key)->sign(token_type, claims_of(token, *this).dump())};
  return IssuedToken{.text = std::move(text), .token = std::move(token)};
}

bool TokenIssuer::claims_to_be_ours(std::string_view text) const {
  const auto jws = auth::parse_compact(text);
  if (!jws) return false;
  const auto claims = auth::read_strict_object(jws->payload, max_depth);
  if (!claims) return false;
  const auto* issuer = auth::text_member(*claims, "iss");
  return issuer != nullptr && *issuer == issuer_;
}

Result<AccessToken> TokenIssuer::verify(std::string_view text) {
  const auto jws = auth::parse_compact(text);
  if (!jws) return invalid("is not accepted: " + jws.error());
  if (!is_access_token(jws->type) || !jws->key_id) return invalid("is no access token of this server");
  const auto keys = keys_.verifying(*jws->key_id);
  if (!keys) return std::unexpected(keys.error());
  if (!auth::verify_signature(*jws, **keys)) return invalid("was not signed by this server");
  const auto claims = auth::read_strict_object(jws->payload, max_depth);
  if (!claims) return invalid("has no claims");
  const auto* issuer = auth::text_member(*claims, "iss");
  auto token = read_claims(*claims);
  if (!token || issuer == nullptr || *issuer != issuer_ || !read_audience(*claims, *this, *token)) {
    return invalid("is not for this server");
  }
  if (token->expires_at <= now()) return invalid("has expired");
  const auto revoked = database_.read([&](soci::session& session) -> Result<bool> {
    return is_revoked(session, token->id, token->session, *jws->key_id);
  });
  if (!revoked) return std::unexpected(revoked.error());
  if (*revoked) return invalid("was revoked");
  return *std::move(token);
}

Result<void> TokenIssuer::revoke(const AccessToken& token) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
    add_revoked(session, token.id, token.expires_at);
    return {};
  });
}

}  // namespace runagents::server
