#include "server/http/listener.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <thread>

#include <boost/asio/write.hpp>

#include "server/http/watch.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::server {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// A server in this process that has little patience.
class Impatient {
 public:
  Impatient() {
    auto opened = Planes::open({.data_directory = directory_.path(), .database = {}, .issuer = "http://a"}, 1);
    REQUIRE(opened);
    planes_ = std::move(*opened);
    site_.emplace(context_, *planes_, *planes_, 0);
    site_->times = {.idle = 200ms, .head = 200ms, .body = 200ms, .whole = 500ms};
    site_->endpoints = {&watch_.emplace(*site_)};
    auto acceptor = listen(context_, "127.0.0.1", 0);
    REQUIRE(acceptor);
    port_ = acceptor->local_endpoint().port();
    listener_.emplace(*site_, std::move(*acceptor), std::nullopt);
    listener_->open();
    thread_ = std::thread{[this] { context_.run(); }};
  }
  ~Impatient() {
    http::asio::post(context_, [this] {
      listener_->stop();
      site_->ticker.stop();
    });
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  tests::TemporaryDirectory directory_;
  http::asio::io_context context_{1};
  std::unique_ptr<Planes> planes_;
  std::optional<Site> site_;
  std::optional<Watch> watch_;
  std::optional<Listener> listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class Client {
 public:
  explicit Client(const Impatient& server) {
    socket_.connect({http::asio::ip::address_v4::loopback(), server.port()});
    socket_.non_blocking(true);
  }
  bool send(std::string_view text) {
    http::error_code error;
    http::asio::write(socket_, http::asio::buffer(text), error);
    return !error;
  }
  /// Whether the server has ended the connection; takes what it says.
  bool is_over() {
    http::error_code error;
    char some[4096];
    const auto size = socket_.read_some(http::asio::buffer(some), error);
    said_.append(some, size);
    return error && error != http::asio::error::would_block;
  }
  /// Sends a piece of it again and again, and says for how long that went well: at most three seconds.
  std::chrono::milliseconds send_slowly(std::string_view piece) {
    const auto begin = Clock::now();
    while (!is_over() && Clock::now() - begin < 3s) {
      send(piece);
      std::this_thread::sleep_for(20ms);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }
  [[nodiscard]] const std::string& said() const { return said_; }

 private:
  http::asio::io_context context_;
  http::asio::ip::tcp::socket socket_{context_};
  std::string said_;
};

TEST_CASE("whoever sends slowly is not waited for") {
  const Impatient server;
  Client client{server};
  SUBCASE("nothing at all") { CHECK(client.send_slowly("") < 2s); }
  SUBCASE("a head") {
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\nX: ");
    CHECK(client.send_slowly("x") < 2s);
  }
  SUBCASE("nothing after a request") {
    client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.send_slowly("") < 2s);
    CHECK(client.said().starts_with("HTTP/1.1 200 "));
  }
  SUBCASE("no body") {
    client.send("POST /api/v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
    CHECK(client.send_slowly("") < 2s);
  }
  SUBCASE("a body, byte by byte") {
    client.send("POST /api/v1/users HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n");
    CHECK(client.send_slowly("x") < 2s);
  }
  SUBCASE("a body in chunks") {
    client.send("POST /api/v1/users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    CHECK(client.send_slowly("1\r\nx\r\n") < 2s);
  }
}

TEST_CASE("whoever takes the time that there is is served") {
  const Impatient server;
  Client client{server};
  for (const auto* piece : {"POST /api/v1/users HTTP/1.1\r\nHost: a\r\n", "Content-Length: 2\r\n\r\n", "{", "}"}) {
    REQUIRE(client.send(piece));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(client.send_slowly("") < 2s);
  CHECK(client.said().starts_with("HTTP/1.1 401 "));
}

}  // namespace
}  // namespace runagents::server
