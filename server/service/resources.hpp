#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"

namespace runagents::server {

/// A document that is kept under a name, as whoever understands its kind wrote it.
struct Resource {
  std::string id;  ///< UUID
  std::string name;
  std::string document;       ///< JSON
  std::uint64_t version = 0;  ///< counts the changes of all resources of the kind
  std::string created_by;     ///< id of a user; empty: the owner of an embedded store
  model::Time created_at;
  model::Time updated_at;
};

/// A kind of resources.
struct ResourceKind {
  std::string_view word;  ///< in the store: "policy"
  std::string_view noun;  ///< for messages
};

/// The resources of one kind, by name. Every change stands in the audit log ("policy.create", "policy.update",
/// "policy.delete"), and raises the version of the kind within its transaction, so that
/// whoever keeps something made of them knows when to make it anew. Names and documents are checked by the caller.
class Resources {
 public:
  Resources(store::Database& database, const ResourceKind& kind) : database_{database}, kind_{kind} {}

  enum class Change { created, changed, none };
  struct Put {
    Resource resource;
    Change change = Change::none;
  };
  /// Creates or replaces. The same document again changes nothing.
  [[nodiscard]] Result<Put> put(const Actor& actor, const std::string& name, const std::string& document);
  /// By name or id.
  [[nodiscard]] Result<Resource> get(std::string_view name_or_id);
  /// By name.
  [[nodiscard]] Result<std::vector<Resource>> list();
  [[nodiscard]] Result<void> remove(const Actor& actor, std::string_view name_or_id);
  /// Of the kind: rises with every change, on whichever connection; 0 before the first one.
  [[nodiscard]] Result<std::uint64_t> version();

 private:
  store::Database& database_;
  ResourceKind kind_;
};

}  // namespace runagents::server
