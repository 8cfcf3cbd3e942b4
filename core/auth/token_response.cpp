#include "core/auth/token_response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <sstream>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"
#include "core/http/head.hpp"

namespace runagents::auth {
namespace {

using nlohmann::json;
using Kind = TokenFailure::Kind;
using Outcome = std::expected<Tokens, TokenFailure>;

constexpr std::size_t max_token_bytes = 16 * std::size_t{1024};
constexpr std::size_t max_depth = 16;
constexpr std::int64_t max_lifetime_s = std::int64_t{10} * 366 * 24 * 3600;

struct KnownError {
  std::string_view word;
  Kind kind;
};

constexpr std::array known_errors = {
    KnownError{"invalid_grant", Kind::grant_lost},
    KnownError{"access_denied", Kind::grant_lost},
    KnownError{"interaction_required", Kind::grant_lost},
    KnownError{"consent_required", Kind::grant_lost},
    KnownError{"login_required", Kind::grant_lost},
    KnownError{"account_selection_required", Kind::grant_lost},
    KnownError{"invalid_client", Kind::configuration},
    KnownError{"invalid_request", Kind::configuration},
    KnownError{"invalid_scope", Kind::configuration},
    KnownError{"invalid_target", Kind::configuration},
    KnownError{"unauthorized_client", Kind::configuration},
    KnownError{"unsupported_grant_type", Kind::configuration},
    KnownError{"unsupported_response_type", Kind::configuration},
    KnownError{"server_error", Kind::temporary},
    KnownError{"temporarily_unavailable", Kind::temporary},
    KnownError{"slow_down", Kind::temporary},
};

const KnownError* find_error(std::string_view word) noexcept {
  const auto* found = std::ranges::find(known_errors, word, &KnownError::word);
  return found == known_errors.end() ? nullptr : found;
}

std::unexpected<TokenFailure> failure(Kind kind, std::string message) {
  return std::unexpected(TokenFailure{kind, std::move(message)});
}

std::unexpected<TokenFailure> unsound(std::string_view what) {
  return failure(Kind::temporary, "the token endpoint's answer is not sound: " + std::string{what});
}

/// It becomes a part of a header field.
bool is_token(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_token_bytes &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Whole seconds; some servers write them as a text. Nothing: not a lifetime.
std::optional<std::int64_t> lifetime_of(const json& value) {
  std::int64_t seconds = -1;
  if (value.is_number_unsigned()) {
    seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(value.get<std::uint64_t>(), max_lifetime_s));
  } else if (const auto* text = value.get_ptr<const std::string*>()) {
    const auto read = std::from_chars(text->data(), text->data() + text->size(), seconds);
    if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::nullopt;
  }
  if (seconds < 0) return std::nullopt;
  return std::min(seconds, max_lifetime_s);
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream{text};
  return {std::istream_iterator<std::string>{stream}, {}};
}

std::unexpected<TokenFailure> read_error(const http::FetchResponse& response) {
  const auto object = read_strict_object(response.body, max_depth);
  const auto* word = object ? text_member(*object, "error") : nullptr;
  const auto* known = word != nullptr ? find_error(*word) : nullptr;
  const auto status = " (status " + std::to_string(response.status) + ")";
  if (known != nullptr && response.status < 500) {
    return failure(known->kind, "the token endpoint says " + std::string{known->word} + status);
  }
  const bool may_change = response.status >= 500 || response.status == 429 || response.status == 408;
  return failure(may_change ? Kind::temporary : Kind::configuration,
                 "the token endpoint does not answer with tokens" + status);
}

Outcome read_tokens(const json& object, std::chrono::sys_seconds now) {
  const auto* type = text_member(object, "token_type");
  if (type == nullptr || !http::equal_ignoring_case(*type, "bearer")) return unsound("token_type is not Bearer");
  const auto* access = text_member(object, "access_token");
  if (access == nullptr || !is_token(*access)) return unsound("access_token is no token");
  Tokens tokens{config::Secret{*access}, {}};
  if (object.contains("refresh_token") && !object["refresh_token"].is_null()) {
    const auto* refresh = text_member(object, "refresh_token");
    if (refresh == nullptr || !is_token(*refresh)) return unsound("refresh_token is no token");
    tokens.refresh_token = config::Secret{*refresh};
  }
  if (object.contains("expires_in") && !object["expires_in"].is_null()) {
    const auto lifetime = lifetime_of(object["expires_in"]);
    if (!lifetime) return unsound("expires_in is not a number of seconds");
    tokens.expires_at = now + std::chrono::seconds{*lifetime};
  }
  if (object.contains("scope") && !object["scope"].is_null()) {
    const auto* scope = text_member(object, "scope");
    if (scope == nullptr) return unsound("scope is not a text");
    tokens.scopes = words_of(*scope);
  }
  return tokens;
}

}  // namespace

std::string_view known_error(std::string_view word) noexcept {
  const auto* known = find_error(word);
  return known == nullptr ? "an error that is none of OAuth's" : known->word;
}

Outcome read_token_response(const http::FetchResponse& response, std::chrono::sys_seconds now) {
  if (response.status != 200) return read_error(response);
  const auto object = read_strict_object(response.body, max_depth);
  if (!object) return unsound("it is not one JSON object");
  return read_tokens(*object, now);
}

}  // namespace runagents::auth
