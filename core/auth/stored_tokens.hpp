#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/auth/sealer.hpp"
#include "core/auth/token_response.hpp"
#include "core/model/consent.hpp"
#include "core/model/tool.hpp"

namespace runagents::auth {

/// Where a token of this tool for this user is kept. `client` is a digest of the tool's address and of the client, the
/// token endpoint, the audience and the resource: a tool of the same name in another project, which would send the
/// token elsewhere, does not find it.
[[nodiscard]] model::ConsentPlace token_place(const model::Tool& tool, std::string_view end_user);

/// The tokens of a consent. `seed`: digest of the configured refresh token from which they came; empty: from none.
struct StoredTokens {
  Tokens tokens;
  std::string seed;
};

/// Encrypts tokens so that they can be opened for their own place only.
[[nodiscard]] std::string seal_tokens(const Sealer& sealer, const StoredTokens& stored,
                                      const model::ConsentPlace& place);
[[nodiscard]] Result<StoredTokens> open_tokens(const Sealer& sealer, std::string_view sealed,
                                               const model::ConsentPlace& place);

}  // namespace runagents::auth
