#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "core/auth/token_response.hpp"
#include "core/config/secret.hpp"
#include "core/model/tool.hpp"

namespace runagents::auth {

/// How requests get to an authorization server; `http::fetch` but in tests.
using Fetch = std::function<Result<http::FetchResponse>(const http::FetchRequest&)>;

/// One client at one authorization server (RFC 6749). Every function sends one request and blocks: call it on a worker.
/// Holds no token; `auth` and `secret` outlive it.
class OAuth2Client {
 public:
  using Outcome = std::expected<Tokens, TokenFailure>;

  OAuth2Client(const model::Auth& auth, const config::Secret& secret, const Fetch& fetch)
      : auth_{auth}, secret_{secret}, fetch_{fetch} {}

  /// RFC 6749, 4.1.3 with RFC 7636, 4.5.
  [[nodiscard]] Outcome redeem(std::string_view code, std::string_view redirect_uri, std::string_view verifier) const;
  /// RFC 6749, 6.
  [[nodiscard]] Outcome refresh(const config::Secret& refresh_token) const;
  /// RFC 6749, 4.4.
  [[nodiscard]] Outcome client_credentials() const;
  /// RFC 8693, 2.1: the end user's own token for one that the tool takes.
  [[nodiscard]] Outcome exchange(const config::Secret& subject_token) const;
  /// RFC 7009 at the tool's revocation_url. An error names no token.
  [[nodiscard]] Result<void> revoke(const config::Secret& token, std::string_view type_hint) const;

 private:
  class Form;
  [[nodiscard]] Outcome ask(Form form) const;
  [[nodiscard]] http::FetchRequest request(const std::string& url, Form form) const;

  const model::Auth& auth_;
  const config::Secret& secret_;
  const Fetch& fetch_;
};

}  // namespace runagents::auth
