#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace runagents::http {

struct FetchResponse;

inline constexpr std::string_view untrusted_certificate = "untrusted_certificate";

/// A request to a service of ours or of an identity provider: key sets, token endpoints, metadata. Never a tool's.
struct FetchRequest {
  std::string method = "GET";
  std::string url;  ///< http or https
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::string ca_file;  ///< PEM bundle to trust instead of the system's roots; empty: the system's
  std::chrono::milliseconds timeout{std::chrono::seconds{10}};  ///< for everything together; 0: none but for connecting
  std::size_t max_body_bytes = std::size_t{1} << 20U;           ///< a longer answer is an error
  bool without_proxy = false;  ///< for services of this machine: the environment's proxies do not reach them
  /// No connection to addresses that are not of the public internet (RFC 6890), whatever the name resolves to; and no
  /// proxy, which would connect in our place.
  bool public_only = false;
  bool keep_alive = false;    ///< on a connection that this thread keeps for the next request to the same server
  bool at_most_once = false;  ///< on a new connection: on a kept one that breaks, libcurl would send it a second time
  /// Takes the body of a 2xx answer as it comes, in place of FetchResponse::body; knows status and fields. False ends
  /// the exchange, which is no error.
  std::function<bool(const FetchResponse& head, std::string_view piece)> take_body = {};
  /// Asked about once a second, and more often while something happens; true ends the exchange with an error.
  std::function<bool()> is_cancelled = {};
};

struct FetchResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case, in order
  std::string body;

  /// The first field of this (lower-case) name; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// Sends one request with libcurl, which is loaded when first needed. Blocks: call it on a worker; threads may call it
/// at the same time. Redirects are not followed, TLS is verified, proxies of the environment are used. No answer, or
/// one that is too long, is ErrorCode::unavailable; the message names the URL without its query, and no body. The
/// reason of one whose certificate is not trusted is `untrusted_certificate`.
[[nodiscard]] Result<FetchResponse> fetch(const FetchRequest& request);

}  // namespace runagents::http
