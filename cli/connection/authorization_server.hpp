#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/connection/connection.hpp"
#include "core/auth/oauth2.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// What the metadata of a server (RFC 8414) says of the ways to log in.
struct AuthorizationServer {
  std::string issuer;
  std::string authorization_url;  ///< empty: there is none, as for the others
  std::string device_url;
  std::string token_url;
  std::string revocation_url;
  bool names_itself = false;  ///< what comes back with the browser says which server it is from (RFC 9207, 2)
  std::string ca_file;
};

/// Reads the metadata of the connection's endpoint. One that names another issuer is refused (RFC 8414, 3.3). Blocks.
[[nodiscard]] Result<AuthorizationServer> discover(const Connection& connection, const auth::Fetch& fetch);

/// What is done while a person decides.
struct LoginSteps {
  std::function<void(const std::string& url)> show_page;                           ///< a page to be opened
  std::function<void(const std::string& url, const std::string& code)> show_code;  ///< the same, with a code to type
  std::function<bool(std::chrono::milliseconds)> pause;                            ///< false: give up
};

/// The authorization code grant with PKCE and a redirect to a port of 127.0.0.1 (RFC 7636; RFC 8252, 7.3). Blocks until
/// the browser comes back, or the time is up.
[[nodiscard]] Result<auth::Tokens> log_in_by_browser(const AuthorizationServer& server, const LoginSteps& steps,
                                                     std::chrono::seconds timeout, const auth::Fetch& fetch);
/// The device grant (RFC 8628). Blocks until the person has decided, or the code has expired.
[[nodiscard]] Result<auth::Tokens> log_in_by_device(const AuthorizationServer& server, const LoginSteps& steps,
                                                    std::chrono::seconds timeout, const auth::Fetch& fetch);

/// `http::fetch`, past the proxies of the environment where the server is this machine.
[[nodiscard]] auth::Fetch fetch_of(const Connection& connection);

}  // namespace runagents::cli
