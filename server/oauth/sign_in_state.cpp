#include "server/oauth/sign_in_state.hpp"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/config/secret.hpp"
#include "server/service/column.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::json;

constexpr std::string_view place = "oauth/sign-in";
constexpr std::string_view cookie_name = "runagents_sign_in=";
constexpr std::size_t cookie_letters = 43;  // 256 bits in base64url
constexpr std::chrono::minutes lifetime{10};

/// The cookie's value; empty when the browser sends none that could be ours.
std::string_view cookie(const Incoming& request) {
  auto rest = request.field("cookie");
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
    if (!pair.starts_with(cookie_name)) continue;
    const auto value = pair.substr(cookie_name.size());
    if (value.size() == cookie_letters && auth::from_base64url(value)) return value;
  }
  return {};
}

std::optional<SignInState> read(const Json& json) {
  try {
    SignInState state;
    state.client_id = json.at("client_id");
    state.resources = json.at("resources").get<std::vector<std::string>>();
    state.redirect_uri = json.at("redirect_uri");
    state.code_challenge = json.at("code_challenge");
    state.state = json.at("state");
    state.user_code = json.at("user_code");
    state.user_id = json.at("user_id");
    state.api_key_id = json.at("api_key_id");
    state.role = model::role_of(json.at("role").get<std::string>()).value_or(model::Role::user);
    state.cookie_digest = json.at("cookie");
    state.expires_at = time_of(json.at("expires_at"));
    return state;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

std::string seal(const SignInState& state, const auth::Sealer& sealer) {
  const Json json = {{"client_id", state.client_id},
                     {"resources", state.resources},
                     {"redirect_uri", state.redirect_uri},
                     {"code_challenge", state.code_challenge},
                     {"state", state.state},
                     {"user_code", state.user_code},
                     {"user_id", state.user_id},
                     {"api_key_id", state.api_key_id},
                     {"role", word(state.role)},
                     {"cookie", state.cookie_digest},
                     {"expires_at", number_of(state.expires_at)}};
  return sealer.seal(json.dump(-1, ' ', false, Json::error_handler_t::replace), place);
}

std::optional<SignInState> open(std::string_view sealed, const auth::Sealer& sealer, const Incoming& request) {
  const auto value = cookie(request);
  if (value.empty()) return std::nullopt;
  const auto plain = sealer.open(sealed, place);
  if (!plain) return std::nullopt;
  auto state = read(Json::parse(*plain, nullptr, false));
  if (!state || state->expires_at <= model::now()) return std::nullopt;
  return auth::equal_in_constant_time(state->cookie_digest, digest_of(value)) ? std::move(state) : std::nullopt;
}

std::string bind_to_browser(SignInState& state, const Incoming& request, bool is_https) {
  state.expires_at = model::now() + lifetime;
  const auto known = cookie(request);
  if (!known.empty()) {
    state.cookie_digest = digest_of(known);
    return {};
  }
  const auto made = new_secret("");
  state.cookie_digest = digest_of(made.reveal());
  // Lax: the page that sets it is reached from another site, and the forms that need it are posted from this one.
  std::string field{cookie_name};
  field += made.reveal();
  field += "; Path=/api/v1/oauth; HttpOnly; SameSite=Lax";
  if (is_https) field += "; Secure";
  return field;
}

}  // namespace runagents::server
