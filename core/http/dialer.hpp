#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/http/async.hpp"
#include "core/http/ticker.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// Where a connection leads, and what is accepted on the way.
struct DialTarget {
  std::string host;  ///< a name in A-labels, or an IP literal without brackets
  std::uint16_t port = 0;
  std::string ca_file;           ///< PEM bundle to trust instead of the system's roots; empty: the system's
  bool may_be_internal = false;  ///< may its name lead to loopback, private and shared networks
  bool may_be_own = true;        ///< may it lead to this machine by one of its public addresses
};

/// Why there is no connection.
struct DialFailure {
  enum class Kind {
    unreachable,        ///< no address, refused, or ended during the handshake: `detail` says which
    blocked,            ///< all its addresses are of networks that are not dialled: `detail` is one of them
    internal_address,   ///< the same, and the target may not be internal, or not this machine
    connect_timeout,    ///< no connection in time
    handshake_timeout,  ///< no TLS in time
    tls,                ///< TLS cannot be set up here: `detail` and `hint`
    untrusted,          ///< the handshake failed: `detail` is OpenSSL's reason
  };
  Kind kind = Kind::unreachable;
  std::string detail;
  std::string hint = {};
};

/// Makes connections. A name is resolved once per connection, every address is checked, and exactly a checked address
/// is dialled, so that no second answer of the resolver can lead elsewhere. Of the engine's thread.
class Dialer {
 public:
  Dialer(asio::io_context& context, Ticker& ticker, std::chrono::milliseconds time_limit = std::chrono::seconds{10})
      : context_{context}, ticker_{ticker}, time_limit_{time_limit} {}

  [[nodiscard]] Task<std::expected<Socket, DialFailure>> connect(const DialTarget& target);
  /// Connects to exactly this address, which is not checked.
  [[nodiscard]] Task<std::expected<Socket, DialFailure>> connect(const tcp::endpoint& endpoint);
  /// Completes TLS on a connected socket; `session` may be null.
  [[nodiscard]] Task<std::expected<SslPointer, DialFailure>> start_tls(const DialTarget& target, Socket& socket,
                                                                       SSL_SESSION* session,
                                                                       Offer offer = Offer::http1);

 private:
  using Addresses = std::vector<tcp::endpoint>;

  Task<std::expected<Addresses, DialFailure>> resolve(const DialTarget& target);
  Task<std::expected<Socket, DialFailure>> connect_to_one_of(const Addresses& addresses);
  Result<TlsClient*> tls_for(const std::string& ca_file);

  asio::io_context& context_;
  Ticker& ticker_;
  std::chrono::milliseconds time_limit_;
  std::map<std::string, TlsClient> tls_;  ///< by CA file; made when first needed
};

}  // namespace runagents::http
