#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/resources.hpp"

namespace runagents::server {

/// A kind of documents whose shape is published and that are kept for clients: this server does not act by them.
struct DocumentKind {
  ResourceKind resource;
  std::string_view shape;  ///< of `spec`, see check_shape
};

extern const DocumentKind agents_kind;
extern const DocumentKind tools_kind;
extern const DocumentKind model_providers_kind;

/// A document: `labels` and `spec` as somebody wrote them.
struct Document {
  Resource resource;
  nlohmann::ordered_json content;  ///< {"labels", "spec"}
};

/// The documents of one kind, by name. For .cpp files.
class Documents {
 public:
  Documents(store::Database& database, const DocumentKind& kind)
      : resources_{database, kind.resource}, shape_(nlohmann::ordered_json::parse(kind.shape)) {}

  struct Put {
    Document document;
    bool is_new = false;
  };
  /// Creates or replaces {"name", "labels"?, "spec"}; what answers have beside that is ignored. `name` empty: it is in
  /// the document. ErrorCode::usage when the document does not have the shape of its kind.
  [[nodiscard]] Result<Put> put(const Actor& actor, const nlohmann::ordered_json& document, const std::string& name);
  /// By name or id, as `remove`.
  [[nodiscard]] Result<Document> get(std::string_view name_or_id);
  /// By name.
  [[nodiscard]] Result<std::vector<Document>> list();
  [[nodiscard]] Result<void> remove(const Actor& actor, std::string_view name_or_id);

 private:
  Resources resources_;
  nlohmann::ordered_json shape_;
};

}  // namespace runagents::server
