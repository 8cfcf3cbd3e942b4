#pragma once

#include <string>
#include <string_view>

#include "server/routes/router.hpp"

namespace runagents::server {

/// A page of the authorization server. `body` is HTML. It has no scripts, cannot be framed, is kept nowhere, and its
/// forms go to this server only, or from there to `form_target`, an origin (browsers hold a redirect after a form
/// against the policy, too).
[[nodiscard]] Outgoing page(std::string_view title, std::string_view body, int status = 200,
                            std::string_view form_target = {});

/// A page that says why it does not go on. `message` is text.
[[nodiscard]] Outgoing error_page(std::string_view message, int status = 400);

}  // namespace runagents::server
