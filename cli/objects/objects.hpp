#pragma once

#include <string>

#include "core/model/approval.hpp"
#include "core/model/consent.hpp"
#include "core/model/policy.hpp"
#include "core/model/run.hpp"
#include "core/model/stored_secret.hpp"
#include "core/model/tool.hpp"

namespace runagents::cli {

// The objects that commands print, as JSON texts: those of the control plane as its API writes them, those of the
// project file with the names of its keys.
[[nodiscard]] std::string json_of(const model::Run& run);
[[nodiscard]] std::string json_of(const model::ApprovalRequest& request);
[[nodiscard]] std::string json_of(const model::ApprovalGrant& grant);
[[nodiscard]] std::string json_of(const model::StoredSecret& secret);
[[nodiscard]] std::string json_of(const model::Consent& consent);
[[nodiscard]] std::string json_of(const model::Tool& tool);
[[nodiscard]] std::string json_of(const model::Policy& policy);

}  // namespace runagents::cli
