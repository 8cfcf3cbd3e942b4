#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/api/transport.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/http/fetch.hpp"

namespace runagents::api {

/// The path below which a server has its API.
inline constexpr std::string_view base_path = "/api/v1";

/// An API key that belongs to a user: "rl_...".
[[nodiscard]] constexpr bool is_api_key(std::string_view credential) noexcept { return credential.starts_with("rl_"); }

/// The credential of the next request. `refused`: the one that was given last and is no good any more, empty for the
/// first. The same one again: there is no other. An error is why another one cannot be had. An empty secret: none.
using RequestCredential = std::function<Result<config::Secret>(std::string_view refused)>;

struct HttpTransportOptions {
  std::string endpoint;                                         ///< as `checked_endpoint` gives it
  std::string ca_file;                                          ///< PEM bundle instead of the system's roots
  std::chrono::milliseconds timeout{std::chrono::seconds{30}};  ///< of one attempt; a long poll has its wait on top
  RequestCredential credential = {};                            ///< empty: none is sent
  /// Told of every attempt ("GET https://... 200 12 ms"), without secrets.
  std::function<void(const std::string&)> trace = {};
  std::function<Result<http::FetchResponse>(const http::FetchRequest&)> fetch = http::fetch;
  std::function<void(std::chrono::milliseconds)> pause = {};  ///< empty: this thread sleeps
};

/// The URL of a server as a person writes it, in its one form: without "/" at the end and without `base_path`. What is
/// not https is refused, but for the loopback or where `allow_insecure`, because credentials go there.
/// ErrorCode::usage.
[[nodiscard]] Result<std::string> checked_endpoint(std::string_view text, bool allow_insecure);

/// Whether the endpoint is this machine.
[[nodiscard]] bool is_loopback(std::string_view endpoint);

/// Speaks to a server over HTTP. An API key goes into `x-runlayer-api-key`, anything else is a Bearer token (RFC 6750,
/// 2.1). POST requests carry an Idempotency-Key, so that what gets lost is done once. What waits for the server (429
/// and 503 with Retry-After) is sent again where that changes nothing, a few times and for half a minute at most. A 401
/// is followed by another credential one time, and only where the server says that the token is to blame (RFC 6750,
/// 3.1): the same status stands for a missing grant. Blocking; of one thread.
[[nodiscard]] std::unique_ptr<Transport> open_http(HttpTransportOptions options);

}  // namespace runagents::api
