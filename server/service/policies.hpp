#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/policy.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/resources.hpp"

namespace runagents::server {

inline constexpr ResourceKind policies_kind{"policy", "policy"};

/// A stored policy.
struct StoredPolicy {
  Resource resource;     ///< its document is the specification
  model::Policy policy;  ///< what that says
};

/// The policies that are stored for many callers; see PolicySets for what they say to a call.
class Policies {
 public:
  explicit Policies(store::Database& database) : resources_{database, policies_kind} {}

  struct Put {
    StoredPolicy stored;
    Resources::Change change = Resources::Change::none;
  };
  /// Creates or replaces; see read_policy_document for the document and `name`. ErrorCode::usage, reason
  /// "invalid_policy", when it is not a policy.
  [[nodiscard]] Result<Put> put(const Actor& actor, const nlohmann::ordered_json& document, std::string_view name);
  [[nodiscard]] Result<StoredPolicy> get(std::string_view name_or_id);
  /// By name.
  [[nodiscard]] Result<std::vector<StoredPolicy>> list();
  [[nodiscard]] Result<void> remove(const Actor& actor, std::string_view name_or_id);
  /// All of them, for evaluation. One that cannot be read is an error: without it, more might be allowed.
  [[nodiscard]] Result<std::vector<model::Policy>> read_all();

 private:
  Resources resources_;
};

}  // namespace runagents::server
