#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "core/http/async.hpp"
#include "runner/egress/dns_message.hpp"
#include "runner/egress/engine.hpp"

namespace runagents::egress {

/// The resolver inside the fence: knows the names of registered tools and nobody else's, and asks nobody. A name that
/// is not registered is recorded as refused, once; in a run that observes it leads to the runner all the same. UDP and
/// TCP, on every address. Of the engine's thread.
class Resolver {
 public:
  /// Takes over a bound UDP socket that tells destinations (IP_PKTINFO), and a listening TCP socket.
  Resolver(http::asio::io_context& context, int datagrams, int listener);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Starts answering.
  void open(Engine& engine);
  void close();

 private:
  struct Sockets;
  http::Task<void> serve_datagrams(Engine& engine);
  http::Task<void> accept(Engine& engine);
  http::Task<void> serve_stream(Engine& engine, http::Socket socket);
  DnsAnswer answer(Engine& engine, const DnsQuestion& question);
  void record_unregistered(Engine& engine, const std::string& name);

  std::unique_ptr<Sockets> sockets_;
  std::set<std::string, std::less<>> recorded_;  ///< names that are recorded already
};

}  // namespace runagents::egress
