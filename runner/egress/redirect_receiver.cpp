#include "runner/egress/redirect_receiver.hpp"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http/buffer.hpp"
#include "core/http/head.hpp"
#include "core/http/html.hpp"
#include "core/http/stream.hpp"

namespace runagents::egress {
namespace {

namespace asio = http::asio;
using Acceptor = asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>;

constexpr std::size_t max_connections = 16;
constexpr std::chrono::seconds patience{10};
// A code may be long, and browsers bring cookies of everything else that serves on this address.
constexpr http::HeadLimits limits{.max_head_bytes = 32 * 1024, .max_fields = 64};

std::string_view reason(int status) {
  if (status == 200) return "OK";
  if (status == 404) return "Not Found";
  if (status == 405) return "Method Not Allowed";
  if (status == 421) return "Misdirected Request";
  return status == 400 ? "Bad Request" : "Error";
}

/// What can be said before anybody looks at the target. A page of another site must not get answers by a name of its
/// own that leads here.
std::optional<BrowserPage> objection(const http::RequestHead& head, const std::string& authority) {
  if (head.host != authority) return BrowserPage{421, "Not here", "This address serves " + authority + " only."};
  if (head.method != "GET") return BrowserPage{405, "Not here", "Only GET is answered."};
  if (!head.target.starts_with('/') || head.framing != http::Framing::none) {
    return BrowserPage{400, "Not understood", "This is no request of a browser."};
  }
  return std::nullopt;
}

}  // namespace

std::string to_response(const BrowserPage& page) {
  const auto title = http::escaped_html(page.title);
  const auto body = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                    "</title></head>\n<body><h1>" + title + "</h1>\n<p>" + http::escaped_html(page.text) +
                    "</p></body></html>\n";
  return "HTTP/1.1 " + std::to_string(page.status) + " " + std::string{reason(page.status)} +
         "\r\n"
         "Content-Type: text/html; charset=utf-8\r\n"
         "Cache-Control: no-store\r\n"
         "Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
         "Referrer-Policy: no-referrer\r\n"
         "X-Content-Type-Options: nosniff\r\n"
         "Cross-Origin-Opener-Policy: same-origin\r\n"
         "Cross-Origin-Resource-Policy: same-origin\r\n"
         "Connection: close\r\n"
         "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct RedirectReceiver::State {
  Acceptor acceptor;
  Handler handler;
  Refuses refuses;
  std::string authority;
  std::size_t connections = 0;
};

Result<std::unique_ptr<RedirectReceiver>> RedirectReceiver::open(asio::io_context& context, std::uint16_t port,
                                                                 Handler handler, Refuses refuses) {
  auto state = std::make_shared<State>(State{Acceptor{context}, std::move(handler), std::move(refuses), {}, 0});
  http::error_code error;
  auto& acceptor = state->acceptor;
  acceptor.open(http::tcp::v4(), error);
  // Connections of a receiver before this one may still linger.
  if (!error) acceptor.set_option(asio::socket_base::reuse_address{true}, error);
  if (!error) acceptor.bind({asio::ip::address_v4::loopback(), port}, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const bool is_taken = error == asio::error::address_in_use;
    return fail(is_taken ? ErrorCode::conflict : ErrorCode::internal,
                "the browser cannot come back to 127.0.0.1:" + std::to_string(port) + ": " + error.message(),
                is_taken ? "another run may be waiting for a consent there; redirect_port names the port" : "");
  }
  state->authority = "127.0.0.1:" + std::to_string(acceptor.local_endpoint(error).port());
  asio::co_spawn(context, accept(context, state), asio::detached);
  return std::unique_ptr<RedirectReceiver>{new RedirectReceiver{std::move(state)}};
}

RedirectReceiver::~RedirectReceiver() {
  http::error_code ignored;
  state_->acceptor.close(ignored);
}

const std::string& RedirectReceiver::authority() const noexcept { return state_->authority; }

http::Task<void> RedirectReceiver::accept(asio::io_context& context, std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    auto [error, socket] = co_await state->acceptor.async_accept(http::by_value);
    if (error == asio::error::operation_aborted || !state->acceptor.is_open()) co_return;
    if (error) {
      // No descriptor is free: the next attempt would fail as fast as this one.
      http::Timer timer{context, std::chrono::milliseconds{100}};
      static_cast<void>(co_await timer.async_wait(http::by_value));
      continue;
    }
    if (state->connections >= max_connections) continue;
    http::error_code gone;
    const auto local = socket.local_endpoint(gone);
    const auto remote = gone ? http::tcp::endpoint{} : socket.remote_endpoint(gone);
    if (gone || (state->refuses && state->refuses(local, remote))) continue;
    ++state->connections;
    asio::co_spawn(context, serve(state, std::move(socket)),
                   [state](const std::exception_ptr&) { --state->connections; });
  }
}

http::Task<void> RedirectReceiver::serve(std::shared_ptr<State> state, http::Socket socket) {
  const auto owned = std::make_shared<http::Stream>(std::move(socket));
  auto& stream = *owned;
  http::Timer deadline{stream.socket().get_executor(), patience};
  deadline.async_wait([owned](const http::error_code& error) {
    if (!error) owned->close();
  });
  http::Buffer buffer;
  http::RequestHead head;
  for (;;) {
    const auto parsed = http::parse_request_head(buffer.readable(), limits, head);
    if (!parsed) {
      const auto text = to_response({400, "Not understood", "This is no request of a browser."});
      static_cast<void>(co_await stream.write(text));
      break;
    }
    if (*parsed > 0) {
      deadline.cancel();
      auto page = objection(head, state->authority);
      if (!page) page = co_await state->handler(std::string{head.target});
      const auto text = to_response(*page);
      static_cast<void>(co_await stream.write(text));
      break;
    }
    const auto [error, size] = co_await stream.read_some(buffer.writable());
    if (error) break;
    buffer.commit(size);
  }
  deadline.cancel();
  stream.end_writing();
}

}  // namespace runagents::egress
