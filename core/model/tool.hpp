#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/secret_reference.hpp"

namespace runagents::model {

/// What is spoken to an upstream. Tools are of the first three kinds; the last is a provider of models, which the
/// pipeline treats as one more upstream.
enum class ToolKind { http, mcp, tcp, llm };

/// The lower-case word of a kind ("http"), as in runagents.toml.
[[nodiscard]] std::string_view word(ToolKind kind) noexcept;

/// How a credential gets into a call.
enum class AuthType { none, api_key, basic, bearer, oauth2, aws_sigv4, agent_token };

/// The lower-case word of a type ("api_key"), as in runagents.toml and in events.
[[nodiscard]] std::string_view word(AuthType type) noexcept;

/// The ways in which an access token is asked for (RFC 6749, 4.1, 4.4 and 6; RFC 8693).
enum class OAuthGrant { authorization_code, refresh_token, client_credentials, token_exchange };
[[nodiscard]] std::string_view word(OAuthGrant grant) noexcept;  ///< "authorization_code", ...

/// How a client shows at the token endpoint who it is (RFC 6749, 2.3.1; names of RFC 7591).
enum class ClientAuth { none, client_secret_basic, client_secret_post };

/// What a tool wants injected. Which members mean something depends on `type`; the configuration reader refuses the
/// others.
struct Auth {
  enum class Place { header, query };

  AuthType type = AuthType::none;
  Place place = Place::header;                   ///< api_key
  std::string name;                              ///< api_key: header or query parameter; bearer: "Authorization"
  std::string prefix;                            ///< api_key: put before the value; bearer: "Bearer "
  std::string username;                          ///< basic
  std::optional<SecretReference> secret;         ///< api_key, bearer: the key; basic: the password; aws_sigv4: all
  std::string auth_url;                          ///< oauth2
  std::string token_url;                         ///< oauth2
  std::vector<std::string> scopes;               ///< oauth2
  std::string client_id;                         ///< oauth2
  std::optional<SecretReference> client_secret;  ///< oauth2
  std::string revocation_url;                    ///< oauth2: RFC 7009; empty: none
  std::string issuer;                            ///< oauth2: what `iss` in an authorization response must be (RFC 9207)
  std::string audience;                          ///< oauth2: sent as `audience`; empty: not
  std::string resource;                          ///< oauth2: sent as `resource` (RFC 8707); empty: not
  std::vector<std::pair<std::string, std::string>> auth_params;  ///< oauth2: more parameters of the authorization URL
  std::vector<OAuthGrant> grants;                                ///< oauth2: never empty
  ClientAuth client_auth = ClientAuth::none;                     ///< oauth2
  std::optional<SecretReference> refresh_token;                  ///< oauth2: of a token that all users share
  std::string
      ca_file;  ///< oauth2: absolute path of a PEM bundle for the authorization server; empty: the system's roots
  std::uint16_t redirect_port = 0;  ///< oauth2: where the browser comes back to; 0: any free port
  std::string service;              ///< aws_sigv4
  std::string region;               ///< aws_sigv4; empty: what AWS's own settings say
  std::string profile;              ///< aws_sigv4; empty: whatever AWS's SDKs would find
  std::string on_behalf_of;         ///< agent_token: "end_user" or empty

  /// Whether there is no credential without knowing for which end user.
  [[nodiscard]] bool needs_end_user() const noexcept {
    return (type == AuthType::oauth2 && (!auth_url.empty() || may_use(OAuthGrant::token_exchange))) ||
           (type == AuthType::agent_token && on_behalf_of == "end_user");
  }
  [[nodiscard]] bool may_use(OAuthGrant grant) const noexcept;
  /// All secrets that it needs.
  [[nodiscard]] std::vector<SecretReference> references() const;
};

/// One operation that a tool declares.
struct Capability {
  std::string name;
  std::string method;  ///< upper case; "*" for any
  std::string path;    ///< a pattern (see core/policy/pattern.hpp), relative to the tool's base path; starts with "/"
  std::string description;
  std::vector<std::string> risk_tags;
};

/// Money, in millionths of a millionth of a US dollar, so that the price of a single token is a whole number of them.
using PicoDollars = std::uint64_t;

/// Ceilings on calls; zero means none.
struct Limits {
  std::uint32_t requests_per_minute = 0;  ///< token bucket, refilled continuously
  std::uint32_t burst = 0;                ///< bucket size; zero means requests_per_minute
  std::uint64_t calls_per_run = 0;        ///< budget for one run
  // Of models only:
  std::uint32_t tokens_per_minute = 0;  ///< read and written ones together; refilled continuously
  PicoDollars budget_per_run = 0;
  PicoDollars budget_per_month = 0;  ///< of all runs of the agent, in a calendar month of UTC

  [[nodiscard]] bool has_budget() const noexcept { return budget_per_run > 0 || budget_per_month > 0; }
};

/// The parts of a base URL, canonical: see core/policy/target.hpp. `path` is empty or starts with "/" and has no
/// trailing slash.
struct BaseUrl {
  std::string scheme;  ///< "http", "https", "tcp" or "builtin"
  std::string host;    ///< lower case, A-labels; an IPv6 literal without brackets
  std::uint16_t port = 0;
  std::string path;

  [[nodiscard]] std::string to_string() const;
  /// What stands in a Host header: the port only when it is not the scheme's own, brackets around IPv6 (RFC 9110, 7.2).
  [[nodiscard]] std::string authority() const;
};

/// What is spoken with a server of HTTP: what TLS agrees on, and HTTP/1.1 without TLS; or one version, without TLS by
/// prior knowledge (RFC 9113, section 3.3).
enum class HttpVersion : std::uint8_t { automatic, http1, http2 };
[[nodiscard]] std::string_view word(HttpVersion version) noexcept;  ///< "auto", "1.1", "2"

enum class Network { public_only, private_allowed };

/// What happens to an agent's own TLS connection to the tool: it ends here and is looked into, or it is passed through
/// as it is, for clients that accept the tool's own certificate only.
enum class Tls { intercept, passthrough };

/// A registered upstream.
struct Tool {
  std::string name;
  ToolKind kind = ToolKind::http;
  bool is_registered = true;  ///< false: a host that no tool has, which a run that observes may call
  std::string description;
  BaseUrl base_url;
  Auth auth;
  std::vector<Capability> capabilities;  ///< empty: every operation passes
  std::vector<std::string> risk_tags;
  Limits limits;
  Network network = Network::public_only;  ///< may its name resolve to private addresses
  Tls tls = Tls::intercept;
  bool insecure = false;             ///< credentials may leave without TLS
  bool allow_encoded_slash = false;  ///< %2F is an ordinary character of its segment
  bool trace_headers = false;        ///< send X-Request-Id and X-Run-ID upstream
  std::optional<bool> scrub;         ///< the credential is taken out of answers; nothing: see `scrubs`
  HttpVersion http_version = HttpVersion::automatic;
  std::string ca_file;  ///< PEM bundle to trust instead of the system's roots; empty: the system's
  std::chrono::milliseconds timeout{std::chrono::minutes{5}};  ///< longest silence of the upstream

  /// For people: `the tool "NAME"`, `the provider "NAME"`, `the host "NAME"` where no tool has it.
  [[nodiscard]] std::string title() const;
  /// Whether the credential is taken out of answers: unless the tool says so, where it is worth something for long, or
  /// elsewhere than at the tool.
  [[nodiscard]] bool scrubs() const noexcept {
    return scrub.value_or(auth.type == AuthType::api_key || auth.type == AuthType::basic ||
                          auth.type == AuthType::bearer || auth.type == AuthType::agent_token);
  }
};

}  // namespace runagents::model
