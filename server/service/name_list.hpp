#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/store/glance.hpp"

namespace runagents::server {

/// What something in the store is called, and what tells a person which one it is.
struct ListedName {
  std::string name;
  std::string detail;
};

/// The names of one kind of object ("runs", "agent_accounts": see the table in the source), a thousand at most:
/// those with a time the newest first, the others in alphabetical order. ErrorCode::usage for a kind that is not there.
/// Changes nothing: a run whose runner is gone stays as it stands.
[[nodiscard]] Result<std::vector<ListedName>> list_names(store::Glance& store, std::string_view kind);

/// What was sealed as a secret of that name; ErrorCode::not_found when there is none.
[[nodiscard]] Result<std::string> sealed_secret(store::Glance& store, const std::string& name);
/// What it was sealed with; see auth::Sealer.
[[nodiscard]] std::string place_of_secret(std::string_view name);

}  // namespace runagents::server
