#include "runner/builtin/server.hpp"

#include <fmt/format.h>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http/body.hpp"
#include "core/http/buffer.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"
#include "runner/builtin/answer.hpp"

namespace runagents::builtin {
namespace {

namespace asio = http::asio;
/// Images come in questions to the playground.
constexpr std::size_t max_body_bytes = std::size_t{32} * 1024 * 1024;

Answer answer_to(const http::RequestHead& head, std::string body) {
  return head.host == "playground" ? playground(head, std::move(body)) : echo(head, body);
}

std::string head_of(const Answer& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + (answer.status == 200 ? " OK" : " ") +
                     "\r\nContent-Type: " + answer.content_type + "\r\n";
  const bool is_whole = answer.pieces.size() == 1;
  return head +
         (is_whole ? "Content-Length: " + std::to_string(answer.pieces.front().size())
                   : std::string{"Transfer-Encoding: chunked"}) +
         "\r\n\r\n";
}

/// One connection; anything that is not as it should be ends it.
struct Session {
  explicit Session(http::Stream connected) : stream{std::move(connected)} {}

  http::Stream stream;
  http::Buffer buffer;
  http::RequestHead head;
  std::string head_bytes;

  http::Task<bool> read_head() {
    for (;;) {
      const auto parsed = http::parse_request_head(buffer.readable(), {}, head);
      if (!parsed) co_return false;
      if (*parsed > 0) {
        head_bytes.assign(buffer.readable().substr(0, *parsed));
        buffer.consume(*parsed);
        co_return http::parse_request_head(head_bytes, {}, head).has_value();
      }
      const auto [error, size] = co_await stream.read_some(buffer.writable());
      if (error) co_return false;
      buffer.commit(size);
    }
  }

  http::Task<bool> serve_one() {
    if (!(co_await read_head())) co_return false;
    http::BodyReader reader{stream, buffer};
    reader.begin(head.framing, head.content_length);
    std::string body;
    while (!reader.finished()) {
      const auto piece = co_await reader.next();
      using enum http::BodyReader::Status;
      if ((piece.status != more && piece.status != last) || body.size() + piece.data.size() > max_body_bytes) {
        co_return false;
      }
      body.append(piece.data);
    }
    reader.done();
    const auto answer = answer_to(head, std::move(body));
    const bool sent = co_await send(answer);
    co_return sent&& head.keep_alive;
  }

  http::Task<bool> send(const Answer& answer) {
    const auto start = head_of(answer);
    if (answer.pieces.size() == 1) {
      const auto error =
          co_await stream.write(start, head.method == "HEAD" ? std::string_view{} : answer.pieces.front());
      co_return !error;
    }
    auto error = co_await stream.write(start);
    for (auto piece = answer.pieces.begin(); !error && piece != answer.pieces.end(); ++piece) {
      const auto chunk = fmt::format("{:x}\r\n{}\r\n", piece->size(), *piece);
      if (!piece->empty()) error = co_await stream.write(chunk);
    }
    if (!error) error = co_await stream.write("0\r\n\r\n");
    co_return !error;
  }
};

http::Task<void> serve(std::unique_ptr<Session> session) {
  bool next = true;
  while (next) next = co_await session->serve_one();
}

using Acceptor = asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>;

http::Task<void> accept(asio::io_context& context, std::shared_ptr<Acceptor> acceptor) {
  while (acceptor->is_open()) {
    auto [error, socket] = co_await acceptor->async_accept(http::by_value);
    if (error) co_return;
    http::error_code ignored;
    socket.set_option(http::tcp::no_delay{true}, ignored);
    asio::co_spawn(context, serve(std::make_unique<Session>(http::Stream{std::move(socket)})), asio::detached);
  }
}

}  // namespace

struct Server::State {
  std::shared_ptr<Acceptor> acceptor;
};

Server::Server(std::unique_ptr<State> state) : state_{std::move(state)} {}

Server::~Server() {
  http::error_code ignored;
  state_->acceptor->close(ignored);
}

Result<std::unique_ptr<Server>> Server::start(asio::io_context& context) {
  auto acceptor = std::make_shared<Acceptor>(context);
  http::error_code error;
  acceptor->open(http::tcp::v4(), error);
  if (!error) acceptor->bind({asio::ip::address_v4::loopback(), 0}, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::internal, "what is built in cannot listen: " + error.message());
  asio::co_spawn(context, accept(context, acceptor), asio::detached);
  return std::unique_ptr<Server>{new Server{std::make_unique<State>(State{std::move(acceptor)})}};
}

http::tcp::endpoint Server::endpoint() const {
  http::error_code ignored;
  return state_->acceptor->local_endpoint(ignored);
}

}  // namespace runagents::builtin
