#pragma once

#include "cli/objects/object_kind.hpp"

namespace runagents::cli {

// The kinds of objects that a control plane keeps.
[[nodiscard]] const ObjectKind& account_kind();
[[nodiscard]] const ObjectKind& delegation_kind();
[[nodiscard]] const ObjectKind& grant_kind();
[[nodiscard]] const ObjectKind& server_kind();
[[nodiscard]] const ObjectKind& user_kind();
[[nodiscard]] const ObjectKind& api_key_kind();
[[nodiscard]] const ObjectKind& audit_kind();
[[nodiscard]] const ObjectKind& identity_provider_kind();
[[nodiscard]] const ObjectKind& policy_kind();
[[nodiscard]] const ObjectKind& connector_kind();
[[nodiscard]] const ObjectKind& delivery_kind();
[[nodiscard]] const ObjectKind& signing_key_kind();

// Those that it keeps for clients, in their published shapes.
[[nodiscard]] const ObjectKind& agent_kind();
[[nodiscard]] const ObjectKind& tool_kind();
[[nodiscard]] const ObjectKind& model_provider_kind();

}  // namespace runagents::cli
