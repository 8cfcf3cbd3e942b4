#include "server/oauth/targets.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/api/target.hpp"

namespace runagents::server {
namespace {

std::unexpected<OAuthError> unknown_target() {
  return refuse("invalid_target", "the resource is not one of this server");
}

}  // namespace

OAuthResult<std::vector<std::string>> Targets::read(const Form& form, const Principal& principal) {
  auto urls = form.values("resource");
  std::ranges::move(form.values("audience"), std::back_inserter(urls));
  return resolve(urls, principal);
}

OAuthResult<std::vector<std::string>> Targets::resolve(const std::vector<std::string>& urls,
                                                       const Principal& principal) {
  std::vector<std::string> ids;
  bool is_instance = false;
  for (const auto& url : urls) {
    if (url == issuer_.issuer() || url == issuer_.issuer() + '/') {
      is_instance = true;
      continue;
    }
    const auto name = issuer_.server_of(url);
    const auto decoded = name ? api::percent_decoded(*name) : std::nullopt;
    if (!decoded) return unknown_target();
    const auto server = servers_.get(principal, *decoded);
    if (!server) {
      if (server.error().code == ErrorCode::not_found) return unknown_target();
      return refuse_for_now(server.error());
    }
    if (std::ranges::find(ids, server->id) == ids.end()) ids.push_back(server->id);
  }
  if (is_instance && !ids.empty()) {
    return refuse("invalid_target", "a token is for this whole server or for some of its resources, not for both");
  }
  return ids;
}

OAuthResult<std::vector<std::string>> narrow(std::vector<std::string> wanted, const std::vector<std::string>& allowed) {
  if (allowed.empty()) return wanted;
  if (wanted.empty()) return allowed;
  for (const auto& id : wanted) {
    if (std::ranges::find(allowed, id) == allowed.end()) {
      return refuse("invalid_target", "the resource is not among those that were granted");
    }
  }
  return wanted;
}

}  // namespace runagents::server
