#include "cli/completion/store.hpp"

#include <string_view>
#include <system_error>

#include "core/auth/sealer.hpp"
#include "server/service/name_list.hpp"

namespace runagents::cli {
namespace {

std::filesystem::path file_in(const std::filesystem::path& data_directory) { return data_directory / "runagents.db"; }

/// As server::list_names calls them.
std::vector<std::string_view> kinds_of(Means means) {
  switch (means) {
    case Means::run:
      return {"runs"};
    case Means::agent:
      return {"agents"};
    case Means::policy:
      return {"policy"};
    case Means::approval:
      return {"pending_approvals", "decided_approvals"};
    case Means::pending_approval:
      return {"pending_approvals"};
    case Means::approval_grant:
      return {"approval_grants"};
    case Means::connector:
      return {"approval_connectors"};
    case Means::consent:
      return {"consents"};
    case Means::secret:
      return {"secrets"};
    case Means::account:
      return {"agent_accounts"};
    case Means::delegation:
      return {"delegations"};
    case Means::server:
      return {"mcp_servers"};
    case Means::user:
      return {"users"};
    case Means::api_key:
      return {"api_keys"};
    case Means::identity_provider:
      return {"identity_provider"};
    default:
      return {};
  }
}

}  // namespace

std::vector<Candidate> names_in_store(Means means, const std::filesystem::path& data_directory) {
  auto store = store::Glance::open(file_in(data_directory));
  if (!store) return {};
  std::vector<Candidate> names;
  for (const auto kind : kinds_of(means)) {
    auto listed = server::list_names(*store, kind);
    if (!listed) continue;
    for (auto& one : *listed) names.push_back({std::move(one.name), std::move(one.detail)});
  }
  if (means == Means::run && !names.empty()) names.insert(names.begin(), {"latest", names.front().description});
  return names;
}

Result<config::Secret> glance_at_secret(const std::string& name, const std::filesystem::path& data_directory) {
  auto store = store::Glance::open(file_in(data_directory));
  if (!store) return std::unexpected(std::move(store.error()));
  const auto sealed = server::sealed_secret(*store, name);
  if (!sealed) return std::unexpected(sealed.error());
  // Opening a sealer would make the key that is not there.
  std::error_code error;
  if (!std::filesystem::is_regular_file(auth::key_file_of(data_directory), error)) {
    return fail(ErrorCode::not_found, "the store has no key");
  }
  const auto sealer = auth::open_sealer(data_directory);
  if (!sealer) return std::unexpected(sealer.error());
  auto plain = sealer->open(*sealed, server::place_of_secret(name));
  if (!plain) return std::unexpected(std::move(plain.error()));
  return config::Secret{std::move(*plain)};
}

}  // namespace runagents::cli
