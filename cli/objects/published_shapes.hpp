#pragma once

#include <nlohmann/json.hpp>

#include "cli/objects/resource_kinds.hpp"

namespace runagents::cli {

/// The specification in the shape in which this program's servers keep it; what is in it already stays as it is.
///
/// Of an identity provider, programs write `{host, identityProvider: {issuer, jwksUri, audiences}, userIDClaim,
/// allowedDomains}`; of a tool, the short form `{base_url, description, auth_type, port, scheme}`.
[[nodiscard]] nlohmann::ordered_json stored_shape(const ResourceKind& kind, const nlohmann::ordered_json& spec);

}  // namespace runagents::cli
