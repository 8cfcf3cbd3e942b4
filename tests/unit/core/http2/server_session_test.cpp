#include "core/http2/server_session.hpp"

#include <array>
#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

using namespace runagents;
using namespace std::string_view_literals;

namespace {

constexpr std::chrono::milliseconds head_time{300};

/// Answers each request when it has waited for longer than a header section may take.
class Slow final : public http2::ServerSession {
 public:
  using ServerSession::ServerSession;

 protected:
  http::Task<void> handle(http2::ServerStream& stream) override {
    http::Timer timer{context(), 4 * head_time};
    static_cast<void>(co_await timer.async_wait(http::by_value));
    const std::string fields;
    http::ResponseStart start;
    start.fields = &fields;
    static_cast<void>(co_await stream.send_head(start, "the answer", true));
  }
  http::Task<void> refuse_head(http2::ServerStream& stream, http::HeadError error) override {
    const std::string fields;
    http::ResponseStart start;
    start.status = 400;
    start.fields = &fields;
    static_cast<void>(co_await stream.send_head(start, error.message, true));
  }
};

std::string frame(char type, char flags, char stream, std::string_view payload) {
  std::string text(2, '\0');
  text.append(1, static_cast<char>(payload.size())).append(1, type).append(1, flags);
  return text.append(3, '\0').append(1, stream).append(payload);
}

constexpr std::string_view get = "\x82\x86\x84\x41\x01t"sv;  // GET http / t
constexpr std::string_view without_path = "\x82\x86\x41\x01t"sv;
constexpr char headers = 1;
constexpr char end_stream = 1;
constexpr char end_headers = 4;

http::Task<void> serve(Slow& session) { co_await session.serve({}); }

struct Said {
  std::string text;
  bool ended = false;  ///< by the session, while the client was still there
};

/// What the session says to these bytes until it ends the connection, or a while has passed.
Said said_to(const std::string& bytes) {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  http::asio::io_context context{1};
  http::Ticker ticker{context};
  http::Socket socket{context};
  socket.assign(http::tcp::v4(), ends[0]);
  socket.non_blocking(true);
  http::Stream stream{std::move(socket)};
  http::ConnectionTimes times;
  times.head = head_time;
  times.linger = std::chrono::milliseconds{100};
  Said said;
  {
    Slow session{context, ticker, stream, http2::TargetForm::origin, "http", times};
    bool over = false;
    http::asio::co_spawn(context, serve(session), [&](const std::exception_ptr&) { over = true; });
    const auto all = std::string{http2::client_preface} + frame(4, 0, 0, {}) + bytes;
    REQUIRE(::write(ends[1], all.data(), all.size()) == static_cast<ssize_t>(all.size()));
    context.run_for(10 * head_time);
    said.ended = over;
    if (!over) session.close();
    ticker.stop();
    context.restart();
    context.run();
    std::array<char, 65536> block{};
    const auto size = ::recv(ends[1], block.data(), block.size(), MSG_DONTWAIT);
    if (size > 0) said.text.assign(block.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[1]);
  return said;
}

}  // namespace

TEST_CASE("a request takes longer than a header section may") {
  const auto said = said_to(frame(headers, end_stream | end_headers, 1, get));
  CHECK_FALSE(said.ended);
  CHECK(said.text.find("the answer") != std::string::npos);
}

TEST_CASE("a malformed request does not end those beside it") {
  const auto said = said_to(frame(headers, end_stream | end_headers, 1, get) +
                            frame(headers, end_stream | end_headers, 3, without_path));
  CHECK_FALSE(said.ended);
  CHECK(said.text.find("the answer") != std::string::npos);
}

TEST_CASE("a header section that is not completed ends the connection") {
  SUBCASE("in the middle of a frame") {
    const auto whole = frame(headers, end_stream | end_headers, 1, get);
    CHECK(said_to(whole.substr(0, whole.size() - 2)).ended);
  }
  SUBCASE("between two frames") { CHECK(said_to(frame(headers, end_stream, 1, get)).ended); }
}
