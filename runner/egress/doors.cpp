#include "runner/egress/doors.hpp"

#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/peer.hpp"

namespace runagents::egress {
namespace {

namespace asio = http::asio;

sockaddr_in as_sockaddr(const http::tcp::endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port());
  address.sin_addr.s_addr = htonl(endpoint.address().to_v4().to_uint());
  return address;
}

/// Who is at the other end; nobody, when that cannot be found out.
void trace(Arrival& arrival, http::Socket& socket, pid_t root) {
  http::error_code error;
  const auto local = socket.local_endpoint(error);
  const auto remote = error ? http::tcp::endpoint{} : socket.remote_endpoint(error);
  if (error) {
    arrival.peer_problem = "it was gone before it could be traced";
    return;
  }
  auto peer = trace_peer(as_sockaddr(local), as_sockaddr(remote), root);
  if (peer) {
    arrival.peer = std::move(*peer);
  } else {
    arrival.peer_problem = peer.error().message;
  }
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

Result<std::string> Doors::add(Door door, const model::Tool* tool) {
  auto listener = std::make_unique<Listener>(
      Listener{asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>{context_}, door, tool, {}});
  http::error_code error;
  listener->acceptor.open(http::tcp::v4(), error);
  if (!error) listener->acceptor.bind({asio::ip::address_v4::loopback(), 0}, error);
  if (!error) listener->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::internal, "no listener on 127.0.0.1 can be opened: " + error.message());
  listener->authority = "127.0.0.1:" + std::to_string(listener->acceptor.local_endpoint(error).port());
  listeners_.push_back(std::move(listener));
  return listeners_.back()->authority;
}

void Doors::open(Engine& engine, pid_t root) {
  for (const auto& listener : listeners_) {
    asio::co_spawn(context_, accept(engine, *listener, root), asio::detached);
  }
}

http::Task<void> Doors::accept(Engine& engine, Listener& listener, pid_t root) {
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
    trace(arrival, socket, root);
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
