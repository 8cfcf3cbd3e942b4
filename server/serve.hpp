#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "server/bootstrap.hpp"

namespace runagents::server {

struct ServeOptions {
  std::string address;     ///< IP address to listen on
  std::uint16_t port = 0;  ///< 0: a free one
  std::filesystem::path data_directory;
  std::string database;                      ///< postgresql://...; empty: SQLite in the data directory
  std::string certificate;                   ///< PEM file; empty: no TLS
  std::string key;                           ///< PEM file
  std::string public_url;                    ///< as clients write it, without a final "/"; empty: what it listens on
  std::string admin_email;                   ///< of the first administrator
  std::filesystem::path bootstrap_file;      ///< empty: none
  std::uint32_t requests_per_second = 0;     ///< of each client's address; 0: no limit
  bool has_internal_webhooks = false;        ///< see WebhookOptions
  std::vector<std::string> allowed_origins;  ///< of web pages that may speak MCP to it, besides its own
};

/// What a server says when it is ready.
struct Ready {
  std::string url;
  /// Made just now, on a store without users, and not written to a file.
  std::optional<Administrator> administrator;
};

/// Runs the control plane as a server until SIGINT or SIGTERM: then it takes no more requests, finishes those at hand
/// (10 s at most; a second signal: none) and returns. Several processes may serve one store. Blocks.
[[nodiscard]] Result<void> serve(const ServeOptions& options, const std::function<void(const Ready&)>& on_ready);

}  // namespace runagents::server
