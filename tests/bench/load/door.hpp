#pragma once

#include <netdb.h>
#include <openssl/ssl.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "tests/bench/load/response.hpp"

namespace runagents::bench {

/// How a client reaches what it asks for, and what it says.
struct Door {
  enum class Way { origin, absolute, tunnel };  ///< to the URL itself; to a proxy in absolute form; through CONNECT
  /// `proxy`: a URL; empty: none. `ca`: a file of the only authorities to trust. `body` is posted; empty: GET.
  Door(const std::string& url, Way how, const std::string& proxy, const std::string& ca,
       const std::vector<std::string>& fields, const std::string& body);
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door();

  Way way;
  std::string host;
  std::string request;
  std::string connect_request;
  sockaddr_storage address{};
  socklen_t address_size = 0;
  SSL_CTX* tls = nullptr;  ///< null: plain
};

/// A connection through a door, which makes one request after the other. All methods but the constructor do as much as
/// can be done without waiting; they throw std::runtime_error for what should not happen.
class Connection {
 public:
  explicit Connection(const Door& door);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Opens a new one and begins the request; what was open is closed.
  void begin_anew();
  /// The next request on the same connection, or on a new one where the server closed this.
  void begin_next();
  /// Something has come: true when the answer is whole.
  bool go_on();
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  /// The organisation or name that the server's certificate is issued by.
  [[nodiscard]] std::string issuer() const;
  [[nodiscard]] std::size_t reopened() const noexcept { return reopened_; }
  ResponseReader response;

 private:
  enum class State { asking_proxy, shaking_hands, answering };
  void close() noexcept;
  void send_all(std::string_view text);
  bool shake_hands();
  bool read_proxy();
  long read_some(char* buffer, std::size_t size);

  const Door& door_;
  State state_ = State::answering;
  int descriptor_ = -1;
  SSL* ssl_ = nullptr;
  std::string proxy_answer_;
  std::size_t reopened_ = 0;
};

}  // namespace runagents::bench
