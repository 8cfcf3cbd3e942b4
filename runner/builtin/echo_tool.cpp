#include "runner/builtin/echo_tool.hpp"

#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <nlohmann/json.hpp>

#include "core/http/body.hpp"
#include "core/http/buffer.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"

namespace runagents::builtin {
namespace {

namespace asio = http::asio;
using Json = nlohmann::ordered_json;

constexpr std::size_t max_body_bytes = 1024 * 1024;

Json describe(const http::RequestHead& head, std::string_view body) {
  Json headers = Json::object();
  for (const auto& field : head.fields) {
    const bool credential = http::equal_ignoring_case(field.name, "authorization");
    headers[std::string{field.name}] = credential ? std::string{"(present)"} : std::string{field.value};
  }
  return {{"method", head.method}, {"path", head.target}, {"headers", headers}, {"body_bytes", body.size()}};
}

std::string answer(const http::RequestHead& head, std::string_view body) {
  Json json = Json::object();
  if (head.method == "POST" && head.target.starts_with("/echo")) {
    const auto request = Json::parse(body, nullptr, false);
    if (request.is_object() && request.contains("message")) json["reply"] = request["message"];
  }
  json["received"] = describe(head, body);
  const auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) +
         "\r\n\r\n" + (head.method == "HEAD" ? "" : text);
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
    const auto text = answer(head, body);
    const auto error = co_await stream.write(text);
    co_return !error && head.keep_alive;
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

struct EchoTool::State {
  std::shared_ptr<Acceptor> acceptor;
};

EchoTool::EchoTool(std::unique_ptr<State> state) : state_{std::move(state)} {}

EchoTool::~EchoTool() {
  http::error_code ignored;
  state_->acceptor->close(ignored);
}

Result<std::unique_ptr<EchoTool>> EchoTool::start(asio::io_context& context) {
  auto acceptor = std::make_shared<Acceptor>(context);
  http::error_code error;
  acceptor->open(http::tcp::v4(), error);
  if (!error) acceptor->bind({asio::ip::address_v4::loopback(), 0}, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::internal, "the built-in tool cannot listen: " + error.message());
  asio::co_spawn(context, accept(context, acceptor), asio::detached);
  return std::unique_ptr<EchoTool>{new EchoTool{std::make_unique<State>(State{std::move(acceptor)})}};
}

http::tcp::endpoint EchoTool::endpoint() const {
  http::error_code ignored;
  return state_->acceptor->local_endpoint(ignored);
}

}  // namespace runagents::builtin
