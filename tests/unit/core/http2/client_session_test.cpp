#include "core/http2/client_session.hpp"

#include <array>
#include <chrono>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http2/client_stream.hpp"

using namespace runagents;
using namespace std::chrono_literals;
using Head = http::ClientExchange::Head;
using Status = http::BodyReader::Status;

namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum Kind : char { data, headers, priority, reset, settings, push, ping, goaway, window_update };
constexpr char end_stream = 1;
constexpr char ack = 1;
constexpr char end_headers = 4;

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24U), static_cast<char>(value >> 16U), static_cast<char>(value >> 8U),
          static_cast<char>(value)};
}

std::string frame(Kind kind, char flags, std::uint32_t stream, std::string_view payload = {}) {
  auto bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes.push_back(kind);
  bytes.push_back(flags);
  return bytes.append(number(stream)).append(payload);
}

std::string max_streams(std::uint32_t count) { return frame(settings, 0, 0, std::string{"\0\3", 2} + number(count)); }

struct Frame {
  Kind kind;
  char flags;
  std::uint32_t stream;
  std::string payload;
};

/// A session, and its server, which is this test.
class Connection {
 public:
  explicit Connection(const http2::ClientLimits& limits = {}) {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) == 0);
    http::Socket socket{context};
    socket.assign(http::tcp::v4(), ends_[0]);
    session = http2::ClientSession::start(context, ticker, http::Stream{std::move(socket)}, limits);
  }
  ~Connection() {
    session->close();
    ticker.stop();
    context.restart();
    context.run_for(1s);
    ::close(ends_[1]);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void say(const std::string& bytes) {
    REQUIRE(::write(ends_[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    settle();
  }
  void hang_up() {
    ::shutdown(ends_[1], SHUT_RDWR);
    settle();
  }
  void settle() {
    context.restart();
    while (context.poll() > 0) {
    }
  }
  void pass(std::chrono::milliseconds time) {
    context.restart();
    context.run_for(time);
  }

  /// What the session has sent since the last time.
  std::vector<Frame> heard() {
    std::array<char, 65536> block{};
    for (ssize_t size = 0; (size = ::read(ends_[1], block.data(), block.size())) > 0;) {
      received_.append(block.data(), static_cast<std::size_t>(size));
    }
    if (received_.starts_with(preface)) received_.erase(0, preface.size());
    std::vector<Frame> frames;
    constexpr std::size_t head = 9;
    while (received_.size() >= head) {
      const auto byte = [this](std::size_t at) { return static_cast<unsigned char>(received_[at]); };
      const auto size = static_cast<std::size_t>((byte(0) << 16U) | (byte(1) << 8U) | byte(2));
      const auto stream = static_cast<std::uint32_t>((byte(5) << 24U) | (byte(6) << 16U) | (byte(7) << 8U) | byte(8));
      frames.push_back({static_cast<Kind>(byte(3)), static_cast<char>(byte(4)), stream, received_.substr(head, size)});
      received_.erase(0, head + size);
    }
    return frames;
  }
  std::vector<Frame> heard(Kind kind) {
    auto frames = heard();
    std::erase_if(frames, [kind](const Frame& one) { return one.kind != kind; });
    return frames;
  }

  /// A stream with a GET on its way.
  std::unique_ptr<http2::ClientStream> get() {
    auto stream = session->open();
    stream->out = "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
    run([](http2::ClientStream& one) -> http::Task<void> { CHECK_FALSE(co_await one.send_request({})); }(*stream));
    return stream;
  }
  void run(http::Task<void> task) {
    http::asio::co_spawn(context, std::move(task), http::asio::detached);
    settle();
  }
  std::optional<Head> head_of(http2::ClientStream& stream) {
    auto found = std::make_shared<std::optional<Head>>();
    run([](http2::ClientStream& one, std::shared_ptr<std::optional<Head>> into) -> http::Task<void> {
      *into = co_await one.read_head("GET");
    }(stream, found));
    return *found;
  }

  http::asio::io_context context{1};
  http::Ticker ticker{context};
  std::shared_ptr<http2::ClientSession> session;

 private:
  std::array<int, 2> ends_{};
  std::string received_;
};

}  // namespace

TEST_CASE("one call goes before the server's settings are here, and then as many as they say") {
  Connection connection;
  connection.settle();
  CHECK(connection.session->room() == 1);
  CHECK(connection.session->is_warming());
  const auto first = connection.get();
  CHECK(connection.session->room() == 0);
  connection.say(max_streams(3));
  CHECK(connection.session->room() == 2);
  CHECK_FALSE(connection.session->is_warming());
  connection.say(max_streams(1));
  CHECK(connection.session->room() == 0);
  CHECK(connection.heard(headers).size() == 1);
}

TEST_CASE("a call that comes when the connection is over ends at once, and may go elsewhere") {
  Connection connection;
  connection.hang_up();
  REQUIRE(connection.session->is_over());
  const auto stream = connection.session->open();
  CHECK(connection.head_of(*stream) == Head::unprocessed);
}

TEST_CASE("a call that comes when the server has said what makes no sense is told so") {
  Connection connection;
  connection.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(connection.session->is_over());
  const auto stream = connection.session->open();
  CHECK(connection.head_of(*stream) == Head::malformed);
}

TEST_CASE("a server that does not greet is left") {
  Connection connection{{.greeting_time = 100ms}};
  CHECK_FALSE(connection.session->is_over());
  connection.pass(600ms);
  CHECK(connection.session->is_over());
}

TEST_CASE("a server that says nothing is asked whether it is there") {
  Connection connection{{.silence = 200ms, .ping_time = 300ms}};
  connection.say(max_streams(9));
  const auto stream = connection.get();
  connection.heard();
  connection.pass(600ms);
  REQUIRE(connection.heard(ping).size() == 1);
  connection.say(frame(ping, ack, 0, std::string(8, '\0')));
  CHECK_FALSE(connection.session->is_over());
  connection.pass(1500ms);
  CHECK(connection.session->is_over());
  CHECK(connection.head_of(*stream) == Head::ended);
}

TEST_CASE("a connection that has rested is asked before it gets a call") {
  Connection connection{{.doubtful_after = 100ms}};
  connection.say(max_streams(9));
  CHECK_FALSE(connection.session->is_doubtful());
  connection.pass(500ms);
  REQUIRE(connection.session->is_doubtful());
  connection.session->ask();
  connection.settle();
  CHECK(connection.session->room() == 0);
  CHECK(connection.heard(ping).size() == 1);
  connection.say(frame(ping, ack, 0, std::string(8, '\0')));
  CHECK(connection.session->room() == 9);
}

TEST_CASE("a call that times out without a word of the server has it asked, and nobody waits for what it says") {
  Connection connection{{}};
  connection.say(max_streams(9));
  const auto late = connection.get();
  connection.heard();
  late->arm(100ms);
  connection.pass(500ms);
  CHECK(connection.heard(ping).size() == 1);
  CHECK(connection.session->room() == 0);
  CHECK_FALSE(connection.session->is_warming());
  connection.say(frame(ping, ack, 0, std::string(8, '\0')));
  CHECK(connection.session->room() > 0);
}

TEST_CASE("a server that has said anything since, or was not waited for to the end, is not asked") {
  Connection connection{{}};
  connection.say(max_streams(9));
  const auto late = connection.get();
  connection.say(frame(settings, ack, 0));
  late->arm(100ms);
  auto given_up = connection.get();
  given_up.reset();
  connection.pass(500ms);
  CHECK(connection.heard(ping).empty());
  CHECK(connection.session->room() > 0);
}

TEST_CASE("a connection without a call is closed after a while") {
  Connection connection{{.rest = 100ms}};
  connection.say(max_streams(9));
  connection.pass(500ms);
  CHECK(connection.session->is_over());
  CHECK(connection.heard(goaway).size() == 1);
}

TEST_CASE("the server may send more only when something has been read") {
  Connection connection{{.stream_window = 1000, .connection_window = 70000}};
  connection.say(max_streams(9) + frame(settings, ack, 0));
  const auto stream = connection.get();
  connection.say(frame(headers, end_headers, 1, "\x88"));
  REQUIRE(connection.head_of(*stream) == Head::complete);
  connection.heard();
  connection.say(frame(data, 0, 1, std::string(1000, 'x')));
  CHECK(connection.heard(window_update).empty());
  const auto piece = stream->next_buffered();
  CHECK(piece.data.size() == 1000);
  connection.settle();
  CHECK(connection.heard(window_update).empty());
  CHECK(stream->next_buffered().data.empty());
  connection.settle();
  const auto updates = connection.heard(window_update);
  REQUIRE(updates.size() == 1);
  CHECK(updates[0].stream == 1);
  CHECK(updates[0].payload == number(1000));
}

TEST_CASE("more than the window is the end of the stream") {
  Connection connection{{.stream_window = 1000}};
  connection.say(max_streams(9) + frame(settings, ack, 0));
  const auto stream = connection.get();
  connection.say(frame(headers, end_headers, 1, "\x88") + frame(data, 0, 1, std::string(2000, 'x')));
  REQUIRE(connection.head_of(*stream) == Head::complete);
  Status status = Status::more;
  for (int i = 0; i < 2 && status == Status::more; ++i) status = stream->next_buffered().status;
  CHECK(status == Status::malformed);
  CHECK(connection.heard(reset).size() == 1);
}

TEST_CASE("how a call without an answer ended") {
  Connection connection;
  connection.say(max_streams(9));
  const auto first = connection.get();
  const auto second = connection.get();
  const auto third = connection.get();
  connection.say(frame(reset, 0, 1, number(7)));
  CHECK(connection.head_of(*first) == Head::refused);
  CHECK(first->ending() == "reset the call (REFUSED_STREAM)");
  connection.say(frame(goaway, 0, 0, number(3) + number(0)));
  CHECK(connection.head_of(*third) == Head::unprocessed);
  CHECK(connection.session->is_over());
  connection.say(frame(reset, 0, 3, number(2)));
  CHECK(connection.head_of(*second) == Head::ended);
  CHECK(second->ending() == "reset the call (INTERNAL_ERROR)");
}

TEST_CASE("a connection that ends without a word") {
  Connection connection;
  connection.say(max_streams(9));
  const auto first = connection.get();
  const auto second = connection.get();
  connection.hang_up();
  CHECK(connection.head_of(*first) == Head::ended);
  CHECK(connection.head_of(*second) == Head::stale);
}

TEST_CASE("a call that is given up is cancelled, and one that is done is not") {
  Connection connection;
  connection.say(max_streams(9));
  auto first = connection.get();
  auto second = connection.get();
  connection.say(frame(headers, end_headers | end_stream, 1, "\x88"));
  CHECK(connection.head_of(*first) == Head::complete);
  CHECK(first->response.framing == http::Framing::none);
  connection.heard();
  first.reset();
  second.reset();
  connection.settle();
  const auto resets = connection.heard(reset);
  REQUIRE(resets.size() == 1);
  CHECK(resets[0].stream == 3);
  CHECK(resets[0].payload == number(8));
  CHECK(connection.session->room() == 9);
}

TEST_CASE("an open body goes in pieces as the server takes them, with trailers at its end") {
  Connection connection;
  connection.say(frame(settings, 0, 0, std::string{"\0\4", 2} + number(10)));
  auto stream = connection.session->open();
  stream->out = "POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  int done = 0;
  connection.run([](http2::ClientStream& one, int& steps) -> http::Task<void> {
    CHECK_FALSE(co_await one.open_request(http::Framing::chunked));
    ++steps;
    CHECK_FALSE(co_await one.send_body("0123456789abcdef", false, {}));
    ++steps;
    CHECK_FALSE(co_await one.send_body("end", true, "X-Sum: 1\r\n"));
    ++steps;
  }(*stream, done));
  CHECK(done == 1);
  auto pieces = connection.heard(data);
  REQUIRE(pieces.size() == 1);
  CHECK(pieces[0].payload == "0123456789");
  connection.say(frame(window_update, 0, 1, number(100)));
  CHECK(done == 3);
  std::string rest;
  bool has_trailers = false;
  for (const auto& one : connection.heard()) {
    if (one.kind == data) rest += one.payload;
    if (one.kind == headers) has_trailers = (one.flags & end_stream) != 0;
  }
  CHECK(rest == "abcdefend");
  CHECK(has_trailers);
}
