#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/apply/manifest.hpp"
#include "cli/objects/object_kind.hpp"
#include "core/api/client.hpp"

namespace runagents::cli {

/// How a resource is written to a server.
enum class Upsert {
  put,         ///< PUT PATH/NAME with the whole of it: what is absent gets its default
  patch,       ///< POST PATH, then PATCH PATH/ID: what is absent stays
  put_spec,    ///< PUT PATH/NAME with `{name, spec}`
  document,    ///< the same, with the labels that are there; kept for clients, and by servers only
  delegation,  ///< of an account to a user: what differs is revoked and made anew
};

/// A kind of resource that manifests describe, as data.
struct ResourceKind {
  std::string word;               ///< "Policy"
  const ObjectKind& (*object)();  ///< where it is
  Upsert upsert = Upsert::patch;
  std::string name_member = "name";       ///< what a manifest's name is called there
  std::vector<std::string> members = {};  ///< what a specification holds, in the order of exports
  nlohmann::ordered_json defaults = {};   ///< of `put`: what an absent member means
};

/// Whether what a manifest says is a member "spec" of the object.
[[nodiscard]] inline bool has_spec(Upsert upsert) noexcept {
  return upsert == Upsert::put_spec || upsert == Upsert::document;
}

/// In the order in which they need each other.
[[nodiscard]] const std::vector<ResourceKind>& resource_kinds();
/// By its word in any case, or by the name of its command group. ErrorCode::usage with the nearest one.
[[nodiscard]] Result<const ResourceKind*> find_resource_kind(const std::string& word);

/// One member that is not as the manifest says. Null: absent.
struct Difference {
  std::string member;
  nlohmann::ordered_json is;
  nlohmann::ordered_json wanted;
};

/// What is there, as the specification of a manifest: without ids, times, and what only the server sets.
[[nodiscard]] nlohmann::ordered_json spec_of(const ResourceKind& kind, const nlohmann::ordered_json& object);
/// What differs from what the manifest wants. Absent, null and empty are the same.
[[nodiscard]] std::vector<Difference> differences(const ResourceKind& kind, const nlohmann::ordered_json& present,
                                                  const nlohmann::ordered_json& wanted);

}  // namespace runagents::cli
