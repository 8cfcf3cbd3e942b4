#include "core/http/dialer.hpp"

#include <algorithm>

#include <boost/asio/connect.hpp>

#include "core/http/address.hpp"
#include "core/http/dial_deadline.hpp"
#include "core/http/lookup.hpp"
#include "core/http/own_address.hpp"
#include "core/http/stream.hpp"

namespace runagents::http {
namespace {

using Kind = DialFailure::Kind;

std::unexpected<DialFailure> failed(Kind kind, std::string detail = {}, std::string hint = {}) {
  return std::unexpected(DialFailure{kind, std::move(detail), std::move(hint)});
}

bool may_dial(const DialTarget& target, const asio::ip::address& address) {
  const auto kind = classify(address);
  if (kind == AddressClass::global) return target.may_be_own || !is_own_address(address);
  return kind == AddressClass::internal && target.may_be_internal;
}

}  // namespace

Task<std::expected<Socket, DialFailure>> Dialer::connect(const DialTarget& target) {
  const auto addresses = co_await resolve(target);
  if (!addresses) co_return std::unexpected(addresses.error());
  auto socket = co_await connect_to_one_of(*addresses);
  co_return socket;
}

Task<std::expected<Socket, DialFailure>> Dialer::connect(const tcp::endpoint& endpoint) {
  const Addresses addresses{endpoint};
  auto socket = co_await connect_to_one_of(addresses);
  co_return socket;
}

Task<std::expected<Dialer::Addresses, DialFailure>> Dialer::resolve(const DialTarget& target) {
  error_code not_literal;
  const auto literal = asio::ip::make_address(target.host, not_literal);
  Addresses found;
  if (!not_literal) {
    found.emplace_back(literal, target.port);
  } else {
    auto answer = co_await look_up(context_, target.host, target.port, time_limit_);
    if (answer.outcome == Lookup::Outcome::late) co_return failed(Kind::connect_timeout);
    if (answer.outcome == Lookup::Outcome::failed) {
      co_return failed(Kind::unreachable, "its name does not resolve (" + answer.problem + ")");
    }
    found = std::move(answer.endpoints);
  }
  Addresses allowed;
  for (const auto& endpoint : found) {
    if (may_dial(target, endpoint.address())) allowed.push_back(endpoint);
  }
  if (!allowed.empty()) co_return allowed;
  if (found.empty()) co_return failed(Kind::unreachable, "its name has no address");
  const auto& address = found.front().address();
  const bool internal = classify(address) != AddressClass::forbidden;
  co_return failed(internal ? Kind::internal_address : Kind::blocked, address.to_string());
}

Task<std::expected<Socket, DialFailure>> Dialer::connect_to_one_of(const Addresses& addresses) {
  // They share the time: a name with many addresses is not waited for longer than one with a single one.
  constexpr std::size_t max_tried = 16;
  error_code last;
  const auto until = std::chrono::steady_clock::now() + time_limit_;
  auto left = std::min(addresses.size(), max_tried);
  for (const auto& endpoint : addresses) {
    if (left == 0) break;
    Socket socket{context_};
    const auto share = (until - std::chrono::steady_clock::now()) / static_cast<long>(left--);
    const DialDeadline deadline{ticker_, socket,
                                std::max(std::chrono::duration_cast<std::chrono::milliseconds>(share), Ticker::period)};
    const auto [error] = co_await socket.async_connect(endpoint, by_value);
    if (!error) {
      error_code ignored;
      socket.set_option(tcp::no_delay{true}, ignored);
      co_return socket;
    }
    last = deadline.passed() ? error_code{asio::error::timed_out} : error;
  }
  if (last == asio::error::timed_out) co_return failed(Kind::connect_timeout);
  co_return failed(Kind::unreachable, last.message());
}

Result<TlsClient*> Dialer::tls_for(const std::string& ca_file) {
  const auto known = tls_.find(ca_file);
  if (known != tls_.end()) return &known->second;
  auto made = TlsClient::create(ca_file);
  if (!made) return std::unexpected(made.error());
  return &tls_.emplace(ca_file, std::move(*made)).first->second;
}

Task<std::expected<SslPointer, DialFailure>> Dialer::start_tls(const DialTarget& target, Socket& socket,
                                                               SSL_SESSION* session, Offer offer) {
  const auto client = tls_for(target.ca_file);
  if (!client) co_return failed(Kind::tls, client.error().message, client.error().hint);
  auto ssl = (*client)->connect(socket.native_handle(), target.host, session, offer);
  if (!ssl) co_return failed(Kind::tls, ssl.error().message);
  socket.non_blocking(true);
  Stream handshaking{std::move(socket), std::move(*ssl)};
  error_code error;
  bool late = false;
  {
    const DialDeadline deadline{ticker_, handshaking.socket(), time_limit_};
    error = co_await handshaking.handshake();
    late = deadline.passed();
  }
  if (late) co_return failed(Kind::handshake_timeout);
  if (error == asio::error::connection_refused) {
    co_return failed(Kind::untrusted, handshake_failure(handshaking.ssl()));
  }
  if (error) {
    co_return failed(Kind::unreachable, "the connection ended during the TLS handshake (" + error.message() + ")");
  }
  auto [socket_back, ssl_back] = std::move(handshaking).release();
  socket = std::move(socket_back);
  co_return std::move(ssl_back);
}

}  // namespace runagents::http
