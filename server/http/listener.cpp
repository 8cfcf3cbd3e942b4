#include "server/http/listener.hpp"

#include <set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "server/http/connection.hpp"

namespace runagents::server {
namespace {

namespace asio = http::asio;

/// A client that begins with TLS and does not go on.
class HandshakeLimit final : public http::Ticking {
 public:
  HandshakeLimit(http::Ticker& ticker, http::Stream& stream) : Ticking{ticker}, stream_{stream} {
    arm(std::chrono::seconds{15});
  }

 private:
  void expired() override { stream_.close(); }
  http::Stream& stream_;
};

std::string text_of(const http::tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}

}  // namespace

Result<Acceptor> listen(asio::io_context& context, const std::string& address, std::uint16_t port) {
  http::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::usage, "\"" + address + "\" is no IP address");
  const http::tcp::endpoint endpoint{ip, port};
  Acceptor acceptor{context};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::configuration, "cannot listen on " + text_of(endpoint) + ": " + error.message(),
                "--listen takes another address or port");
  }
  return acceptor;
}

std::string authority_of(const Acceptor& acceptor) {
  http::error_code ignored;
  return text_of(acceptor.local_endpoint(ignored));
}

struct Listener::Parts {
  Site& site;
  std::optional<http::TlsCertificate> certificate;
  Acceptor acceptor;
  std::set<Connection*> connections = {};
  std::set<http::Stream*> handshakes = {};
};

namespace {

/// Something is in a set for as long as it is there.
template <class T>
class Member {
 public:
  Member(std::set<T*>& set, T& one) : set_{set}, one_{one} { set_.insert(&one_); }
  ~Member() { set_.erase(&one_); }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

 private:
  std::set<T*>& set_;
  T& one_;
};

}  // namespace

Listener::Listener(Site& site, Acceptor acceptor, std::optional<http::TlsCertificate> certificate)
    : parts_{std::make_unique<Parts>(site, std::move(certificate), std::move(acceptor))} {}
Listener::~Listener() = default;

void Listener::open() { asio::co_spawn(parts_->site.context, accept(), asio::detached); }

http::Task<void> Listener::accept() {
  auto& acceptor = parts_->acceptor;
  http::Timer pause{parts_->site.context};
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(http::by_value);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Out of descriptors or memory: what is open goes on, and some of it will end.
      pause.expires_after(std::chrono::milliseconds{50});
      static_cast<void>(co_await pause.async_wait(http::by_value));
      continue;
    }
    http::error_code ignored;
    socket.set_option(http::tcp::no_delay{true}, ignored);
    asio::co_spawn(parts_->site.context, serve(std::move(socket)), asio::detached);
  }
}

http::Task<void> Listener::serve(http::Socket socket) {
  http::error_code error;
  auto& site = parts_->site;
  const auto client = socket.remote_endpoint(error).address().to_string();
  if (error) co_return;
  http::Stream stream{std::move(socket)};
  if (parts_->certificate) {
    auto ssl = parts_->certificate->accept(stream.socket().native_handle());
    if (!ssl) co_return;
    auto [plain, none] = std::move(stream).release();
    plain.native_non_blocking(true, error);
    stream = http::Stream{std::move(plain), std::move(ssl)};
    const HandshakeLimit limit{site.ticker, stream};
    const Member<http::Stream> member{parts_->handshakes, stream};
    if (const auto failed = co_await stream.handshake(); failed) co_return;
  }
  Connection connection{site, std::move(stream), client};
  const Member<Connection> member{parts_->connections, connection};
  site.metrics.add_connection();
  if (site.is_stopping) connection.finish();
  co_await connection.serve();
  site.metrics.remove_connection();
}

void Listener::stop() {
  http::error_code ignored;
  parts_->acceptor.close(ignored);
  for (auto* stream : parts_->handshakes) stream->close();
  for (auto* connection : parts_->connections) connection->finish();
}

void Listener::abort() {
  for (auto* connection : parts_->connections) connection->close();
}

bool Listener::is_empty() const noexcept { return parts_->connections.empty() && parts_->handshakes.empty(); }

}  // namespace runagents::server
