#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/http/tls_certificate.hpp"
#include "server/http/site.hpp"

namespace runagents::server {

using Acceptor = http::asio::basic_socket_acceptor<http::tcp, http::asio::io_context::executor_type>;

/// Listens; `address` is an IP address, port 0 a free one. ErrorCode::configuration when that cannot be.
[[nodiscard]] Result<Acceptor> listen(http::asio::io_context& context, const std::string& address, std::uint16_t port);
/// "ADDRESS:PORT", as it is in a URL.
[[nodiscard]] std::string authority_of(const Acceptor& acceptor);

/// Where a server is reached: takes connections and serves them until it is stopped. Of the event loop's thread.
class Listener {
 public:
  /// The site outlives it.
  Listener(Site& site, Acceptor acceptor, std::optional<http::TlsCertificate> certificate);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Takes connections from now on.
  void open();
  /// Takes no more connections, ends those that are idle, and the others after the request at hand.
  void stop();
  /// Ends all.
  void abort();
  [[nodiscard]] bool is_empty() const noexcept;

 private:
  struct Parts;
  http::Task<void> accept();
  http::Task<void> serve(http::Socket socket);

  std::unique_ptr<Parts> parts_;
};

}  // namespace runagents::server
