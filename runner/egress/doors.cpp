#include "runner/egress/doors.hpp"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/peer.hpp"

namespace runagents::egress {
namespace {

namespace asio = http::asio;

constexpr std::size_t max_traced_connections = 128;

/// Who is at the other end, `likely` the process that was there last time; nobody, when that cannot be found out.
void trace(Arrival& arrival, http::Socket& socket, const Inside& inside, pid_t& likely) {
  http::error_code error;
  const auto local = socket.local_endpoint(error);
  const auto remote = error ? http::tcp::endpoint{} : socket.remote_endpoint(error);
  if (error) {
    arrival.peer_problem = "it was gone before it could be traced";
    return;
  }
  auto peer = trace_peer(local, remote, inside.root, inside.diagnostics, likely);
  if (peer) {
    likely = peer->pid;
    arrival.peer = std::move(*peer);
  } else if (inside.is_fenced) {
    arrival.peer = Peer{};
  } else {
    arrival.peer_problem = peer.error().message;
  }
}

/// "127.0.0.1:80", "[::1]:80"
std::string text_of(const http::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

http::asio::ip::address dialled_address(http::Socket& socket) {
  http::error_code ignored;
  auto address = socket.local_endpoint(ignored).address();
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

Destination bytes_to(const model::Tool& tool) {
  Destination destination;
  destination.host = tool.base_url.host;
  destination.port = tool.base_url.port;
  destination.bytes_only = true;
  return destination;
}

/// What the address and the port that were dialled say of the server that is meant.
Destination destination_of(http::Socket& socket, const Snapshot& snapshot) {
  http::error_code ignored;
  Destination destination;
  destination.address = dialled_address(socket);
  destination.port = socket.local_endpoint(ignored).port();
  if (destination.address->is_v4()) destination.host = snapshot.names.host_at(destination.address->to_v4());
  const auto host = destination.host.empty() ? destination.address->to_string() : destination.host;
  for (const auto* tool : snapshot.evaluator.tools()) {
    const auto& base = tool->base_url;
    const bool is_local = base.host == "localhost" && destination.address->is_loopback() && destination.host.empty();
    const bool is_meant = base.port == destination.port && (base.host == host || is_local);
    if (tool->kind == model::ToolKind::tcp && is_meant) return bytes_to(*tool);
  }
  return destination;
}

}  // namespace

struct Doors::Listener {
  asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type> acceptor;
  Door door;
  const model::Tool* tool;
  std::string authority;
};

Doors::Doors(asio::io_context& context) : context_{context} {}
Doors::~Doors() = default;

Result<std::string> Doors::listen(Door door, const model::Tool* tool) {
  return bind(door, tool, {asio::ip::address_v4::loopback(), 0});
}

Result<std::string> Doors::listen_for_clients(const http::tcp::endpoint& endpoint) {
  return bind(Door::ingress, nullptr, endpoint);
}

Result<std::string> Doors::bind(Door door, const model::Tool* tool, const http::tcp::endpoint& endpoint) {
  auto listener = std::make_unique<Listener>(
      Listener{asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>{context_}, door, tool, {}});
  http::error_code error;
  listener->acceptor.open(endpoint.protocol(), error);
  // After a restart the port of a run that has just ended is wanted again.
  if (!error && endpoint.port() != 0) listener->acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) listener->acceptor.bind(endpoint, error);
  if (!error) listener->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::internal, "no listener on " + text_of(endpoint) + " can be opened: " + error.message());
  }
  listener->authority = text_of(listener->acceptor.local_endpoint(error));
  listeners_.push_back(std::move(listener));
  return listeners_.back()->authority;
}

void Doors::adopt(int descriptor, Door door, const model::Tool* tool, std::string authority) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  const auto protocol = address.ss_family == AF_INET6 ? http::tcp::v6() : http::tcp::v4();
  listeners_.push_back(std::make_unique<Listener>(
      Listener{asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>{context_, protocol, descriptor},
               door, tool, std::move(authority)}));
}

void Doors::open(Engine& engine, const Inside& inside) {
  for (const auto& listener : listeners_) {
    asio::co_spawn(context_, accept(engine, *listener, inside), asio::detached);
  }
}

http::Task<void> Doors::accept(Engine& engine, Listener& listener, Inside inside) {
  http::Timer pause{context_};
  while (listener.acceptor.is_open()) {
    auto [error, socket] = co_await listener.acceptor.async_accept(http::by_value);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors or memory: what is open goes on, and some of it will end.
      pause.expires_after(std::chrono::milliseconds{50});
      static_cast<void>(co_await pause.async_wait(http::by_value));
      continue;
    }
    http::error_code ignored;
    socket.set_option(http::tcp::no_delay{true}, ignored);
    Arrival arrival;
    arrival.door = listener.door;
    arrival.tool = listener.tool;
    arrival.authority = listener.authority;
    if (listener.door == Door::transparent) arrival.destination = destination_of(socket, *engine.snapshot);
    if (listener.tool != nullptr && listener.tool->kind == model::ToolKind::tcp) {
      arrival.destination = bytes_to(*listener.tool);
    }
    if (listener.door == Door::ingress) {
      arrival.client = socket.remote_endpoint(ignored).address().to_string();
    }
    // Looking through all descriptors of an agent that holds very many connections would keep the others waiting; it is
    // the agent's in any case.
    if (inside.is_fenced && listener.door != Door::ingress && connections_.size() >= max_traced_connections) {
      arrival.peer = Peer{};
    } else if (listener.door != Door::ingress) {
      trace(arrival, socket, inside, last_peer_);
    }
    auto connection = std::make_unique<Connection>(engine, http::Stream{std::move(socket)}, std::move(arrival));
    asio::co_spawn(context_, serve(std::move(connection)), asio::detached);
  }
}

http::Task<void> Doors::serve(std::unique_ptr<Connection> connection) {
  connections_.insert(connection.get());
  try {
    co_await connection->serve();
  } catch (const std::exception&) {
    // A broken invariant or no memory: this connection ends, unanswered; the others go on. Whoever wanted to know is
    // gone.
    connection->on_gone = nullptr;
    connection->close();
  }
  connections_.erase(connection.get());
}

void Doors::close() {
  for (const auto& listener : listeners_) {
    http::error_code ignored;
    listener->acceptor.close(ignored);
  }
  for (auto* connection : connections_) connection->close();
}

}  // namespace runagents::egress
