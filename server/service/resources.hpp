#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// A document of the control plane that is put, read and replaced as a whole, under a name that is unique in its kind.
struct Resource {
  std::string id;        ///< UUID; stays when the document is replaced
  std::string name;      ///<
  std::string document;  ///< a JSON object, checked by the service of its kind
  std::uint64_t version = 1;
  std::string created_by;  ///< user id; empty: the owner of the embedded store
  model::Time created_at;
  model::Time updated_at;
};

/// Documents of all kinds. Knows nothing of what is in them. `kind` is a literal of this program ("identity_provider").
class Resources {
 public:
  explicit Resources(store::Database& database) : database_{database} {}

  struct Put {
    Resource resource;
    bool is_new = false;
  };

  /// Creates or replaces, and writes it into the audit log.
  [[nodiscard]] Result<Put> put(const Actor& actor, std::string_view kind, std::string_view name,
                                const std::string& document);
  /// By name or id.
  [[nodiscard]] Result<Resource> get(std::string_view kind, std::string_view name);
  /// By name.
  [[nodiscard]] Result<std::vector<Resource>> list(std::string_view kind);
  /// Returns what was there.
  [[nodiscard]] Result<Resource> remove(const Actor& actor, std::string_view kind, std::string_view name);

  /// Changes with every change of a document of the kind: one row is read. For what is compiled from all of them.
  [[nodiscard]] Result<std::uint64_t> version(std::string_view kind);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
