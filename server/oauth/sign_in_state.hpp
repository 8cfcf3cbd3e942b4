#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/sealer.hpp"
#include "core/model/approval.hpp"
#include "core/model/user.hpp"
#include "server/routes/router.hpp"

namespace runagents::server {

/// What a person is in the middle of: the request that brought them, and, once they have signed in, who they are. It
/// travels sealed in a hidden field of the pages, so that nothing is stored for people who never come back, and is good
/// in the browser that it was made for only: it knows the digest of a cookie there, which also makes it the token that
/// another site cannot have.
struct SignInState {
  std::string client_id;
  std::vector<std::string> resources;  ///< URLs, as they were asked for
  std::string redirect_uri;            ///< empty: for a device
  std::string code_challenge;
  std::string state;
  std::string user_code;   ///< of a device, once the person has given it
  std::string user_id;     ///< empty: nobody has signed in yet
  std::string api_key_id;  ///< by which they have
  model::Role role = model::Role::user;
  std::string cookie_digest;
  model::Time expires_at;

  [[nodiscard]] bool is_for_device() const noexcept { return redirect_uri.empty(); }
};

[[nodiscard]] std::string seal(const SignInState& state, const auth::Sealer& sealer);
/// Nothing when it is none, has expired, or is another browser's: one without a cookie or with another one.
[[nodiscard]] std::optional<SignInState> open(std::string_view sealed, const auth::Sealer& sealer,
                                              const Incoming& request);

/// Gives the state a new end, and the browser's cookie. The field to send with the page is empty when the browser has
/// its cookie already.
[[nodiscard]] std::string bind_to_browser(SignInState& state, const Incoming& request, bool is_https);

}  // namespace runagents::server
