#include "core/auth/token_claims.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::auth {
namespace {

using model::RefusalCode;
using nlohmann::json;
using Verdict = std::expected<void, TokenRefusal>;

constexpr double latest_date = 253402300799;  // the end of the year 9999
constexpr std::size_t max_user_bytes = 256;

std::unexpected<TokenRefusal> refuse(RefusalCode code, std::string message) {
  return std::unexpected(TokenRefusal{code, std::move(message)});
}

std::unexpected<TokenRefusal> invalid(std::string message) {
  return refuse(RefusalCode::token_invalid, std::move(message));
}

/// A NumericDate (RFC 7519, section 2); nothing for what is none.
std::optional<double> date(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const auto seconds = value.get<double>();
  return seconds >= 0 && seconds <= latest_date ? std::optional{seconds} : std::nullopt;
}

Verdict check_time(const json& claims, double now) {
  const auto exp = claims.find("exp");
  if (exp == claims.end()) return invalid("the token has no expiry");
  const auto expiry = date(*exp);
  if (!expiry) return invalid("the token's expiry is not a date");
  const auto leeway = static_cast<double>(clock_leeway.count());
  if (now >= *expiry + leeway) return refuse(RefusalCode::token_expired, "the token has expired");
  for (const auto* name : {"nbf", "iat"}) {
    const auto claim = claims.find(name);
    if (claim == claims.end()) continue;
    const auto begin = date(*claim);
    if (!begin) return invalid("the token's claim " + std::string{name} + " is not a date");
    if (now < *begin - leeway) return invalid("the token is not valid yet");
  }
  return {};
}

Verdict check_audience(const json& claims, const std::vector<std::string>& audiences) {
  const auto aud = claims.find("aud");
  if (aud == claims.end()) {
    if (audiences.empty()) return {};
    return refuse(RefusalCode::audience_mismatch, "the token names no audience");
  }
  const auto list = aud->is_array() ? *aud : json::array({*aud});
  if (!std::ranges::all_of(list, &json::is_string)) return invalid("the token's audience is not a text");
  const auto is_ours = [&](const json& name) {
    return std::ranges::find(audiences, name.get_ref<const std::string&>()) != audiences.end();
  };
  if (audiences.empty() || std::ranges::any_of(list, is_ours)) return {};
  const auto named = list.empty() ? "nobody" : shown(list.front().get_ref<const std::string&>());
  return refuse(RefusalCode::audience_mismatch, "the token is meant for " + named);
}

/// The user goes into a header field. What is not ASCII is read as Latin-1 by some servers and as UTF-8 by others, and
/// blanks at the ends are lost: two users could become one.
bool is_user(std::string_view user) {
  return !user.empty() && user.size() <= max_user_bytes && user.front() != ' ' && user.back() != ' ' &&
         std::ranges::all_of(user, [](char c) { return c >= ' ' && c <= '~'; });
}

Verdict check_verified(const json& claims) {
  const auto verified = claims.find("email_verified");
  if (verified == claims.end() || *verified == true || *verified == "true") return {};
  return invalid("the user's e-mail address is not verified");
}

Verdict check_domain(const json& claims, const std::vector<std::string>& domains) {
  if (domains.empty()) return {};
  const auto* email = text_member(claims, "email");
  const auto at = email == nullptr ? std::string::npos : email->rfind('@');
  if (at == std::string::npos) {
    return refuse(RefusalCode::domain_not_allowed, "the token has no e-mail address, whose domain has to be allowed");
  }
  const auto domain = lowered(email->substr(at + 1));
  if (std::ranges::find(domains, domain) != domains.end()) return {};
  return refuse(RefusalCode::domain_not_allowed, "the domain of the user's e-mail address is not allowed");
}

std::vector<std::string> groups(const json& claims) {
  const auto found = claims.find("groups");
  if (found == claims.end() || !found->is_array() || !std::ranges::all_of(*found, &json::is_string)) return {};
  return found->get<std::vector<std::string>>();
}

}  // namespace

std::expected<VerifiedToken, TokenRefusal> check_claims(const json& claims, const model::IdentityProvider& provider,
                                                        std::chrono::system_clock::time_point now) {
  const auto* issuer = text_member(claims, "iss");
  if (issuer == nullptr || *issuer != provider.issuer) return invalid("the token is from another issuer");
  const std::chrono::duration<double> since_epoch = now.time_since_epoch();
  if (auto verdict = check_time(claims, since_epoch.count()); !verdict) return std::unexpected(verdict.error());
  if (auto verdict = check_audience(claims, provider.audiences); !verdict) return std::unexpected(verdict.error());
  const auto* user = text_member(claims, provider.user_id_claim);
  if (user == nullptr || !is_user(*user)) {
    return invalid("the token's claim " + provider.user_id_claim +
                   " is not a user: 1 to 256 printable ASCII characters without blanks at the ends");
  }
  if (provider.user_id_claim == "email" || !provider.allowed_email_domains.empty()) {
    if (auto verdict = check_verified(claims); !verdict) return std::unexpected(verdict.error());
  }
  if (auto verdict = check_domain(claims, provider.allowed_email_domains); !verdict) {
    return std::unexpected(verdict.error());
  }
  const auto expiry = static_cast<std::int64_t>(std::floor(claims.at("exp").get<double>()));
  return VerifiedToken{.user = *user,
                       .provider = provider.name,
                       .groups = groups(claims),
                       .expires_at = std::chrono::sys_seconds{std::chrono::seconds{expiry}}};
}

}  // namespace runagents::auth
