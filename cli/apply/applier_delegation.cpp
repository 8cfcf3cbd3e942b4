#include <algorithm>
#include <fmt/format.h>

#include "cli/apply/applier.hpp"
#include "cli/objects/kinds.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

/// In the one form of times, so that equal ones are equal.
Result<Json> time_in(const Json& spec, const std::string& place) {
  const auto text = text_of(spec, "expires_at");
  if (text.empty()) return Json{};
  const auto time = model::from_iso8601(text);
  if (!time) return fail(ErrorCode::usage, place + ": \"expires_at\" is no time", "write it like 2026-12-31T23:59:59Z");
  return Json(model::to_iso8601(*time));
}

Result<Json> servers_in(const Json& spec, const std::string& place, api::Client& client) {
  const auto found = spec.find("server_ids");
  if (found == spec.end() || found->is_null()) return Json{};
  if (!found->is_array()) return fail(ErrorCode::usage, place + ": \"server_ids\" must be a list");
  std::vector<std::string> ids;
  for (const auto& one : *found) {
    auto id = id_of(server_kind(), one.is_string() ? one.get<std::string>() : std::string{}, client);
    if (!id) return std::unexpected(std::move(id.error()));
    ids.push_back(std::move(*id));
  }
  std::ranges::sort(ids);
  return Json(ids);
}

bool is_of(const Json& delegation, const std::string& user) {
  return text_of(delegation, "delegator_user_id") == user ||
         lowered(text_of(delegation, "delegator_email")) == lowered(user);
}

/// No servers is none, and null is all of them.
bool differs(const char* member, const Json& is, const Json& should) {
  const auto found = is.find(member);
  return (found == is.end() ? Json{} : *found) != should;
}

}  // namespace

Result<Applied> Applier::apply_delegation(const ResourceKind& kind, const Manifest& manifest) {
  const auto account = text_of(manifest.spec, "agent_account");
  const auto user = text_of(manifest.spec, "user");
  if (account.empty() || user.empty()) {
    return fail(ErrorCode::usage, manifest.place + ": a delegation needs \"agent_account\" and \"user\"");
  }
  const auto expires_at = time_in(manifest.spec, manifest.place);
  if (!expires_at) return std::unexpected(expires_at.error());
  Applied created{.action = "created", .differences = differences(kind, Json::object(), manifest.spec), .object = {}};
  const auto account_id = id_of(account_kind(), account, client_);
  const auto servers = servers_in(manifest.spec, manifest.place, client_);
  for (const auto* error : {account_id ? nullptr : &account_id.error(), servers ? nullptr : &servers.error()}) {
    if (error == nullptr) continue;
    // Before anything is done, what other manifests bring is not there yet.
    if (!options_.dry_run || error->code != ErrorCode::not_found) return std::unexpected(*error);
    created.object = manifest.spec;
    return created;
  }
  const auto path = Target{account_kind().path}.segment(*account_id).segment("delegations");
  const auto all = client_.list(path);
  if (!all) return std::unexpected(all.error());
  const auto known = std::ranges::find_if(*all, [&](const Json& one) { return is_of(one, user); });
  std::vector<Difference> changes;
  if (known != all->end()) {
    if (differs("expires_at", *known, *expires_at)) {
      changes.push_back({"expires_at", known->value("expires_at", Json{}), *expires_at});
    }
    if (differs("server_ids", *known, *servers)) {
      changes.push_back({"server_ids", known->value("server_ids", Json{}), *servers});
    }
    if (changes.empty()) return Applied{.action = "left", .differences = {}, .object = *known};
  }
  Json body = {{user.contains('@') ? "user_email" : "user_id", user}};
  if (!expires_at->is_null()) body["expires_at"] = *expires_at;
  if (!servers->is_null()) body["server_ids"] = *servers;
  created.object = body;
  if (known != all->end()) created = {.action = "changed", .differences = std::move(changes), .object = *known};
  if (options_.dry_run) return created;
  if (known != all->end()) {
    const auto revoked = client_.remove(Target{kind.object().path}.segment(text_of(*known, "id")));
    if (!revoked) return std::unexpected(revoked.error());
  }
  auto made = client_.post(path, body);
  if (!made) return std::unexpected(std::move(made.error()));
  created.object = *std::move(made);
  return created;
}

}  // namespace runagents::cli
