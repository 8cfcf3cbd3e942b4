#include "runner/egress/upstream.hpp"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>

#include "core/http/address.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/dial_deadline.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using http::AddressClass;
namespace asio = http::asio;

std::unexpected<Refusal> unreachable(const model::Tool& tool, const std::string& reason) {
  return refuse(upstream_unreachable, "the tool \"" + tool.name + "\" cannot be reached: " + reason,
                "check its base_url, " + tool.base_url.to_string());
}

bool may_dial(const model::Tool& tool, AddressClass kind) {
  return kind == AddressClass::global ||
         (kind == AddressClass::internal && tool.network == model::Network::private_allowed);
}

std::unexpected<Refusal> blocked(const model::Tool& tool, const asio::ip::address& address) {
  const bool internal = http::classify(address) == AddressClass::internal;
  return refuse(address_blocked,
                tool.base_url.host + " leads to " + address.to_string() + ", which is " +
                    (internal ? "an internal address" : "never dialled: link-local, metadata or reserved"),
                internal ? "set network = \"private\" on the tool \"" + tool.name + "\" if that is meant" : "");
}

}  // namespace

Upstreams::~Upstreams() = default;

http::Task<Upstreams::Acquired> Upstreams::acquire(const model::Tool& tool, bool fresh) {
  auto& pool = pools_[&tool];
  while (!fresh && !pool.idle.empty()) {
    auto connection = std::move(pool.idle.back());
    pool.idle.pop_back();
    connection->disarm();
    if (connection->timed_out || connection->stream.is_stale()) continue;
    connection->reused = true;
    co_return connection;
  }
  auto socket = co_await connect(tool);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  if (tool.base_url.scheme != "https") {
    co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket)});
  }
  auto ssl = co_await start_tls(tool, *socket);
  if (!ssl) co_return std::unexpected(std::move(ssl.error()));
  co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket), std::move(*ssl)});
}

http::Task<Upstreams::Acquired> Upstreams::dial_bytes(const model::Tool& tool) {
  auto socket = co_await connect(tool);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket)});
}

http::Task<std::expected<http::Socket, Refusal>> Upstreams::connect(const model::Tool& tool) {
  if (const auto own = connectors_.find(&tool); own != connectors_.end()) {
    auto connected = co_await own->second->connect();
    co_return connected;
  }
  const auto addresses = co_await resolve(tool);
  if (!addresses) co_return std::unexpected(addresses.error());
  auto socket = co_await dial(tool, *addresses);
  co_return socket;
}

void Upstreams::release(const model::Tool& tool, std::unique_ptr<UpstreamConnection> connection) {
  auto& pool = pools_[&tool];
  if (SSL* ssl = connection->stream.ssl(); ssl != nullptr) {
    if (auto session = http::take_session(ssl)) pool.session = std::move(session);
  }
  if (pool.idle.size() >= max_idle_per_tool) return;
  connection->buffer.rest();
  connection->arm(times_.idle);
  pool.idle.push_back(std::move(connection));
}

http::Task<std::expected<Upstreams::Addresses, Refusal>> Upstreams::resolve(const model::Tool& tool) {
  const auto& base = tool.base_url;
  if (base.scheme == "builtin") co_return Addresses{builtin_};
  http::error_code not_literal;
  const auto literal = asio::ip::make_address(base.host, not_literal);
  Addresses found;
  if (!not_literal) {
    found.emplace_back(literal, base.port);
  } else {
    asio::ip::basic_resolver<http::tcp, asio::io_context::executor_type> resolver{context_};
    const auto [error, results] = co_await resolver.async_resolve(
        base.host, std::to_string(base.port), asio::ip::resolver_base::numeric_service, http::by_value);
    if (error) co_return unreachable(tool, "its name does not resolve (" + error.message() + ")");
    for (const auto& result : results) found.push_back(result.endpoint());
  }
  Addresses allowed;
  for (const auto& endpoint : found) {
    if (may_dial(tool, http::classify(endpoint.address()))) allowed.push_back(endpoint);
  }
  if (allowed.empty()) {
    if (found.empty()) co_return unreachable(tool, "its name has no address");
    co_return blocked(tool, found.front().address());
  }
  co_return allowed;
}

http::Task<std::expected<http::Socket, Refusal>> Upstreams::dial(const model::Tool& tool, const Addresses& addresses) {
  http::error_code last;
  for (const auto& endpoint : addresses) {
    http::Socket socket{context_};
    const DialDeadline deadline{ticker_, socket, times_.connect};
    const auto [error] = co_await socket.async_connect(endpoint, http::by_value);
    if (!error) {
      http::error_code ignored;
      socket.set_option(http::tcp::no_delay{true}, ignored);
      co_return socket;
    }
    last = deadline.passed() ? http::error_code{asio::error::timed_out} : error;
  }
  if (last == asio::error::timed_out) {
    co_return refuse(upstream_timeout, "the tool \"" + tool.name + "\" did not accept a connection in time");
  }
  co_return unreachable(tool, last.message());
}

Result<http::TlsClient*> Upstreams::tls_for(const model::Tool& tool) {
  const auto known = tls_.find(tool.ca_file);
  if (known != tls_.end()) return &known->second;
  auto made = http::TlsClient::create(tool.ca_file);
  if (!made) return std::unexpected(made.error());
  return &tls_.emplace(tool.ca_file, std::move(*made)).first->second;
}

http::Task<std::expected<http::SslPointer, Refusal>> Upstreams::start_tls(const model::Tool& tool,
                                                                          http::Socket& socket) {
  const auto client = tls_for(tool);
  if (!client) co_return refuse(upstream_tls, client.error().message, client.error().hint);
  auto ssl = (*client)->connect(socket.native_handle(), tool.base_url.host, pools_[&tool].session.get());
  if (!ssl) co_return refuse(upstream_tls, ssl.error().message);
  socket.non_blocking(true);
  http::Stream handshaking{std::move(socket), std::move(*ssl)};
  http::error_code error;
  bool late = false;
  {
    const DialDeadline deadline{ticker_, handshaking.socket(), times_.connect};
    error = co_await handshaking.handshake();
    late = deadline.passed();
  }
  if (late) {
    co_return refuse(upstream_timeout, "the tool \"" + tool.name + "\" did not complete the TLS handshake in time");
  }
  if (error == asio::error::connection_refused) {
    co_return refuse(
        upstream_tls,
        "the TLS connection to " + tool.base_url.host + " failed: " + http::handshake_failure(handshaking.ssl()),
        "a private CA can be trusted with ca_file on the tool \"" + tool.name + "\"");
  }
  if (error) co_return unreachable(tool, "the connection ended during the TLS handshake (" + error.message() + ")");
  auto [socket_back, ssl_back] = std::move(handshaking).release();
  socket = std::move(socket_back);
  co_return std::move(ssl_back);
}

}  // namespace runagents::egress
