#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/config/directories.hpp"
#include "core/error.hpp"
#include "core/model/consent.hpp"
#include "core/model/project.hpp"
#include "runner/egress/consent_desk.hpp"
#include "runner/run.hpp"

namespace runagents {

/// A consent that a person begins.
struct ConsentStart {
  const model::Project& project;
  const model::Tool& tool;  ///< of the project, with the grant authorization_code
  std::string user;         ///< empty: for all users
  config::Directories directories;
  std::chrono::seconds timeout{std::chrono::minutes{10}};
  std::function<void(const egress::ConsentAsked&)> announce;  ///< tells the person where to go
};

/// Asks, waits for the browser to come back, and stores what the consent gave. Blocks, at most for `timeout` and one
/// request to the token endpoint. ErrorCode::needs_person: refused, or not given in time.
[[nodiscard]] Result<model::Consent> start_consent(const ConsentStart& start, const OpenTransport& open_transport);

/// Tells the provider that a deleted consent's tokens are worth nothing any more (RFC 7009), at the tool's
/// revocation_url. Blocks. The consent is one that the control plane has just deleted.
[[nodiscard]] Result<void> revoke_at_provider(const model::Project& project, const model::Tool& tool,
                                              const model::Consent& consent, const config::Directories& directories,
                                              const OpenTransport& open_transport);

}  // namespace runagents
