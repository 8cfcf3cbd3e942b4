#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/apply/apply.hpp"
#include "cli/context.hpp"
#include "cli/objects/resource_kinds.hpp"
#include "core/api/client.hpp"

namespace runagents::cli {

/// What became of one manifest. For .cpp files.
struct Applied {
  std::string action;  ///< "created", "changed", "left"
  std::vector<Difference> differences;
  nlohmann::ordered_json object;  ///< as it is now; without secrets
};

/// Makes resources on a server what manifests say. Of one thread.
class Applier {
 public:
  Applier(const ApplyOptions& options, api::Client& client, Context& context)
      : options_{options}, client_{client}, context_{context} {}

  [[nodiscard]] Result<Applied> apply(const ResourceKind& kind, Manifest manifest);

 private:
  using Json = nlohmann::ordered_json;

  [[nodiscard]] Result<Applied> apply_delegation(const ResourceKind& kind, const Manifest& manifest);
  [[nodiscard]] Result<Json> present(const ResourceKind& kind, const Manifest& manifest);
  [[nodiscard]] Result<Json> create(const ResourceKind& kind, const Manifest& manifest, const Json& present);
  [[nodiscard]] Result<Json> change(const ResourceKind& kind, const Manifest& manifest, const Json& present,
                                    const std::vector<Difference>& differences);
  [[nodiscard]] Result<Json> body_with_secret(const ResourceKind& kind, const Manifest& manifest, Json body);
  [[nodiscard]] Result<Json> create_account(const ResourceKind& kind, const Manifest& manifest, const Json& body);
  [[nodiscard]] Result<void> can_keep_secret(const std::string& name) const;
  [[nodiscard]] Result<void> keep_secret(Json& account);
  [[nodiscard]] bool sends_secret(const Manifest& manifest, const Json& present) const;

  const ApplyOptions& options_;
  api::Client& client_;
  Context& context_;
};

}  // namespace runagents::cli
