#include "runner/egress/connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/http/alpn.hpp"
#include "runner/egress/pipeline.hpp"

namespace runagents::egress {
namespace {

/// The first byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1).
constexpr char tls_handshake = 0x16;
constexpr std::size_t max_hello_bytes = 17 * 1024;
/// With what HTTP/2 begins: as much as a parser of HTTP/1.1 has seen when it gives up.
constexpr std::string_view preface_line = "PRI * HTTP/2";

}  // namespace

Connection::Connection(Engine& engine, http::Stream stream, Arrival arrival)
    : ServerConnection{engine.ticker, std::move(stream)}, engine_{engine}, arrival_{std::move(arrival)} {}

http::Task<bool> Connection::find_out() {
  looked_inside_ = true;
  // Many tools speak first over plain TCP, so nobody is waited for.
  if (passes_bytes()) {
    co_await serve_bytes();
    co_return false;
  }
  arm(times().head);
  std::array<char, 1> first{};
  const auto [error, size] = co_await stream().peek(first);
  if (error) co_return false;
  const bool is_tls = first[0] == tls_handshake;
  if (is_tls && co_await serves_bytes()) {
    co_await serve_bytes();
    co_return false;
  }
  const bool ready = !is_tls || co_await accept_tls();
  disarm();
  co_return ready;
}

/// Whether the TLS connection is meant for a tool whose TLS is passed through.
http::Task<bool> Connection::serves_bytes() {
  auto& destination = *arrival_.destination;
  const auto is_meant = [&destination](const model::Tool* tool) {
    return tool->tls == model::Tls::passthrough && tool->base_url.port == destination.port;
  };
  if (std::ranges::none_of(engine_.snapshot->evaluator.tools(), is_meant)) co_return false;
  std::vector<char> hello(max_hello_bytes);
  std::optional<std::string> name;
  for (std::size_t known = 0; !name;) {
    const auto [error, size] = co_await stream().peek(hello, known);
    if (error || size == hello.size()) co_return false;
    known = size;
    name = http::peek_server_name({hello.data(), size});
  }
  // Whoever was dialled or named by CONNECT must be the one that TLS names.
  if (!destination.host.empty() && destination.host != *name) co_return false;
  for (const auto* tool : engine_.snapshot->evaluator.tools()) {
    if (!is_meant(tool) || tool->base_url.host != *name) continue;
    destination.tls_name = *name;
    destination.scheme = "https";
    destination.bytes_only = true;
    co_return true;
  }
  co_return false;
}

http::Task<bool> Connection::accept_tls() {
  auto& destination = *arrival_.destination;
  if (engine_.tls == nullptr) co_return false;
  http::ClientWish wish;
  wish.fallback = destination.host;
  if (wish.fallback.empty() && destination.address) wish.fallback = destination.address->to_string();
  auto ssl = engine_.tls->accept(stream().socket().native_handle(), wish);
  if (!ssl) co_return false;
  auto [socket, none] = std::move(stream()).release();
  http::error_code ignored;
  socket.native_non_blocking(true, ignored);
  stream() = http::Stream{std::move(socket), std::move(ssl)};
  if (const auto error = co_await stream().handshake(); error) {
    engine_.recorder.note_tls_failure(wish.name.empty() ? wish.fallback : wish.name,
                                      http::handshake_failure(stream().ssl()));
    co_return false;
  }
  destination.scheme = "https";
  destination.tls_name = wish.name;
  if (http::has_agreed_on_http2(stream().ssl())) {
    co_await serve_http2({});
    co_return false;
  }
  co_return true;
}

/// One call for the whole connection: nobody can tell what is inside.
http::Task<void> Connection::serve_bytes() {
  const auto& destination = *arrival_.destination;
  const auto& host = destination.tls_name.empty() ? destination.host : destination.tls_name;
  disarm();
  authority_ = host.find(':') == std::string::npos ? host : "[" + host + "]";
  authority_.append(":").append(std::to_string(destination.port));
  head() = http::RequestHead{};
  head().method = "CONNECT";
  head().target = authority_;
  call_.reset(arrival_);
  call_.head = &head();
  begin_without_request();
  co_await egress::handle(engine_, call_, *this);
}

http::Task<bool> Connection::open_tunnel() {
  if (passes_bytes()) co_return !is_closed();
  co_return co_await ServerConnection::open_tunnel();
}

http::Task<bool> Connection::send_head(const ResponseStart& start, std::string_view body, bool last) {
  return passes_bytes() ? send_nothing() : ServerConnection::send_head(start, body, last);
}

http::Task<bool> Connection::send_nothing() {
  abort();
  co_return false;
}

/// Until the connection ends.
http::Task<void> Connection::serve_http2(std::string_view received) {
  disarm();
  http2_ = std::make_unique<Http2Connection>(engine_, stream(), arrival_, times());
  co_await http2_->serve(received);
  http2_.reset();
  close();
}

void Connection::close() {
  if (http2_) http2_->close();
  ServerConnection::close();
}

http::Task<void> Connection::handle() {
  has_spoken_ = true;
  call_.reset(arrival_);
  call_.head = &head();
  co_await egress::handle(engine_, call_, *this);
  if (!call_.tunnel_to) co_return;
  arrival_.destination = std::exchange(call_.tunnel_to, std::nullopt);
  has_spoken_ = false;
}

http::Task<void> Connection::refuse_head(http::HeadError error) {
  if (!has_spoken_ && unread().starts_with(preface_line)) {
    co_await serve_http2(unread());
    co_return;
  }
  co_await answer_unreadable(engine_, call_, arrival_, *this, error, "HTTP/1.1");
}

}  // namespace runagents::egress
