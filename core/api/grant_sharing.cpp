#include "core/api/grant_sharing.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

Target grants_target(const GrantPair& pair) {
  return Target{"/agent-accounts"}.segment(pair.account).segment("session-grants");
}

bool is_active(const Json& grant) { return !grant.contains("is_active") || is_set(grant, "is_active"); }

Result<Json> check(const Json& grant, bool shared) {
  if (!grant.is_object() || !grant.contains("shared")) {
    return fail(ErrorCode::unavailable, "the server does not say what became of the grant",
                "look at it: runagents grants list ACCOUNT --server SERVER");
  }
  if (is_set(grant, "shared") == shared) return grant;
  return fail(
      ErrorCode::conflict,
      std::string{"somebody changed the grant at the same time: it is "} + (shared ? "personal" : "shared") + " now",
      "nothing was sent again; look at it, then decide");
}

}  // namespace

Result<std::string> own_user_id(Client& client) {
  const auto user = client.get(Target{"/users/me"});
  if (!user) return std::unexpected(user.error());
  auto id = text_of(*user, "id");
  if (id.empty()) return fail(ErrorCode::not_found, "the control plane does not say who you are");
  return id;
}

Result<std::vector<Json>> GrantSharing::visible() const {
  auto grants = client_.list(grants_target(pair_).parameter("server_id", pair_.server));
  if (!grants) return grants;
  std::erase_if(*grants, [this](const Json& one) {
    // A server that does not know the filter sends those of other servers, too.
    const auto server = text_of(one, "server_id");
    return !is_active(one) || (!server.empty() && server != pair_.server);
  });
  return grants;
}

Result<Json> GrantSharing::own() const {
  const auto user = own_user_id(client_);
  if (!user) return std::unexpected(user.error());
  auto grants = visible();
  if (!grants) return std::unexpected(std::move(grants.error()));
  const auto found =
      std::ranges::find_if(*grants, [&](const Json& one) { return text_of(one, "grantor_user_id") == *user; });
  if (found != grants->end()) return *found;
  return fail(ErrorCode::not_found, "you have granted this agent account no session on this server",
              "runagents grants create ACCOUNT SERVER");
}

Result<std::vector<Json>> GrantSharing::revoked_by_promotion(const Json& own) const {
  auto grants = visible();
  if (!grants) return grants;
  std::erase_if(*grants, [&](const Json& one) { return text_of(one, "id") == text_of(own, "id"); });
  return grants;
}

Result<Json> GrantSharing::set(const Json& own, bool shared) const {
  if (is_set(own, "shared") == shared) return own;
  const auto patched = client_.patch(Target{"/session-grants"}.segment(text_of(own, "id")), Json{{"shared", shared}});
  if (patched) return check(*patched, shared);
  const bool may_lack_patch = patched.error().reason == "not_offered" || patched.error().code == ErrorCode::not_found;
  if (!may_lack_patch) return patched;
  // Somebody may have been faster, or the grant may be gone: then there is nothing to flip.
  const auto now = this->own();
  if (!now || text_of(*now, "id") != text_of(own, "id")) return now ? patched : now;
  if (is_set(*now, "shared") == shared) return now;
  return toggle(shared);
}

Result<Json> GrantSharing::toggle(bool shared) const {
  const auto flipped = client_.post_once(grants_target(pair_).segment("toggle"), Json{{"server_id", pair_.server}});
  if (flipped) return check(*flipped, shared);
  if (flipped.error().code != ErrorCode::unavailable) return flipped;
  const auto now = this->own();
  if (!now) return flipped;
  if (is_set(*now, "shared") == shared) return now;
  // It may still be on its way; sent again, it could undo itself.
  return fail(ErrorCode::unavailable, "the answer was lost, and the grant is as it was: " + flipped.error().message,
              "look at it in a moment: runagents grants list " + pair_.account);
}

}  // namespace runagents::api
