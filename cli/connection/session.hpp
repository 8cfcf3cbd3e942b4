#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "cli/connection/connection.hpp"
#include "core/api/control_plane.hpp"
#include "core/auth/oauth2.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// The client that this program is, at every server; a public one.
inline constexpr std::string_view login_client_id = "runagents-cli";

/// What a login gave: tokens of a person, and where they are renewed and revoked. In the encrypted store of this
/// machine as one secret.
struct Session {
  std::string endpoint;  ///< of the server that gave the tokens; they are sent to no other
  std::string token_url;
  std::string revocation_url;  ///< empty: the server has none
  std::string ca_file;
  auth::Tokens tokens;
};

/// The name under which a context's session is stored.
[[nodiscard]] std::string session_secret_name(std::string_view context);

[[nodiscard]] Result<void> store_session(std::string_view name, const Session& session, api::ControlPlane& local);
[[nodiscard]] Result<Session> load_session(std::string_view name, api::ControlPlane& local);

/// A token of the connection's session that lives for another while; renewed when it does not, or when it is the one
/// that was `refused`, by one process at a time: a refresh token may count once. A session that is over is
/// ErrorCode::unauthenticated. Blocks.
[[nodiscard]] Result<config::Secret> session_token(const Connection& connection, api::ControlPlane& local,
                                                   const std::filesystem::path& data_directory,
                                                   std::string_view refused, const auth::Fetch& fetch = http::fetch);

/// Has the server forget the session's tokens (RFC 7009). An error means that it may not have.
[[nodiscard]] Result<void> revoke_session(const Session& session, const auth::Fetch& fetch = http::fetch);

}  // namespace runagents::cli
