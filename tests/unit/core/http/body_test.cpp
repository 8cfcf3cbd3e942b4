#include "core/http/body.hpp"

#include <doctest/doctest.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

using namespace runagents::http;

namespace {

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

struct Received {
  std::string body;
  BodyReader::Status status = BodyReader::Status::more;
  std::string rest;
};

Task<void> read_all(Stream& stream, Buffer& buffer, Framing framing, std::uint64_t length, Received& received) {
  BodyReader reader{stream, buffer};
  reader.begin(framing, length);
  while (received.status == BodyReader::Status::more) {
    const auto piece = co_await reader.next();
    received.body.append(piece.data);
    received.status = piece.status;
  }
  reader.done();
  received.rest = std::string{buffer.readable()};
}

/// Sends `text` in pieces of `step` bytes over a real connection and reads it as a body.
Received receive(const std::string& text, std::size_t step, Framing framing, std::uint64_t length) {
  asio::io_context context;
  Acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  asio::ip::tcp::socket sender{context};
  sender.connect(acceptor.local_endpoint());
  sender.set_option(tcp::no_delay{true});
  Stream stream{acceptor.accept()};
  std::thread sending{[&] {
    for (std::size_t at = 0; at < text.size(); at += step) {
      const auto piece = text.substr(at, step);
      boost::system::error_code ignored;
      asio::write(sender, asio::buffer(piece), ignored);
    }
    boost::system::error_code ignored;
    sender.shutdown(tcp::socket::shutdown_send, ignored);
  }};
  Buffer buffer;
  Received received;
  asio::co_spawn(context, read_all(stream, buffer, framing, length, received), asio::detached);
  context.run();
  sending.join();
  return received;
}

}  // namespace

TEST_CASE("a body is read to its end and no further, whatever its framing") {
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
    const auto length = receive("helloNEXT", step, Framing::length, 5);
    CHECK(length.status == BodyReader::Status::last);
    CHECK(length.body == "hello");
    const auto chunked = receive("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nNEXT", step, Framing::chunked, 0);
    CHECK(chunked.status == BodyReader::Status::last);
    CHECK(chunked.body == "hello");
    const auto until_close = receive("hello", step, Framing::until_close, 0);
    CHECK(until_close.status == BodyReader::Status::last);
    CHECK(until_close.body == "hello");
  }
}

TEST_CASE("what follows a body stays in the buffer") {
  CHECK(receive("helloNEXT", 100, Framing::length, 5).rest == "NEXT");
  CHECK(receive("5\r\nhello\r\n0\r\n\r\nNEXT", 100, Framing::chunked, 0).rest == "NEXT");
}

TEST_CASE("a body that stops early is cut, and bad chunks are malformed") {
  CHECK(receive("hel", 100, Framing::length, 5).status == BodyReader::Status::cut);
  CHECK(receive("5\r\nhel", 100, Framing::chunked, 0).status == BodyReader::Status::cut);
  CHECK(receive("zz\r\n", 100, Framing::chunked, 0).status == BodyReader::Status::malformed);
}
