#include "core/auth/stored_tokens.hpp"

#include <nlohmann/json.hpp>

#include "core/auth/hash.hpp"

namespace runagents::auth {
namespace {

using config::wipe;
using nlohmann::json;

/// With its length in front, no part can pass for the end of the one before it.
std::string with_lengths(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) text.append(std::to_string(part.size())).append(":").append(part);
  return text;
}

std::string associated_data(const model::ConsentPlace& place) {
  return "consents " + with_lengths({place.end_user, place.tool, place.client});
}

}  // namespace

model::ConsentPlace token_place(const model::Tool& tool, std::string_view end_user) {
  const auto& auth = tool.auth;
  const auto base = tool.base_url.to_string();
  const auto client = with_lengths({base, auth.auth_url, auth.token_url, auth.client_id, auth.audience, auth.resource});
  return {std::string{end_user}, tool.name, hex(sha256(client))};
}

std::string seal_tokens(const Sealer& sealer, const StoredTokens& stored, const model::ConsentPlace& place) {
  const auto& tokens = stored.tokens;
  json object = {{"access_token", tokens.access_token.reveal()},
                 {"refresh_token", tokens.refresh_token.reveal()},
                 {"seed", stored.seed}};
  if (tokens.expires_at) object["expires_at"] = tokens.expires_at->time_since_epoch().count();
  auto plain = object.dump();
  auto sealed = sealer.seal(plain, associated_data(place));
  wipe(plain);
  return sealed;
}

Result<StoredTokens> open_tokens(const Sealer& sealer, std::string_view sealed, const model::ConsentPlace& place) {
  auto plain = sealer.open(sealed, associated_data(place));
  if (!plain) return std::unexpected(plain.error());
  const auto object = json::parse(*plain, nullptr, false);
  wipe(*plain);
  if (!object.is_object()) return fail(ErrorCode::internal, "what was stored are no tokens");
  StoredTokens stored;
  stored.tokens.access_token = config::Secret{object.value("access_token", "")};
  stored.tokens.refresh_token = config::Secret{object.value("refresh_token", "")};
  stored.seed = object.value("seed", "");
  if (object.contains("expires_at")) {
    stored.tokens.expires_at = std::chrono::sys_seconds{std::chrono::seconds{object["expires_at"].get<std::int64_t>()}};
  }
  return stored;
}

}  // namespace runagents::auth
