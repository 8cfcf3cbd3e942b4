// What a client of HTTP/2 may say to us: the input is a row of frames. Whatever comes, each request that is answered
// could have come over HTTP/1.1, and nothing is left when the connection has ended.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http2/server_session.hpp"
#include "tests/fuzz/http2_frames.hpp"

namespace {

using namespace runagents;
using Status = http::BodyReader::Status;

/// The head once more, as a client of HTTP/1.1 would have sent it.
void check_head(const http::RequestHead& head) {
  std::string text;
  text.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  for (const auto& field : head.fields) text.append(field.name).append(": ").append(field.value).append("\r\n");
  text.append("\r\n");
  http::RequestHead again;
  const auto parsed = http::parse_request_head(text, {}, again);
  if (!parsed || *parsed != text.size() || again.method != head.method || again.target != head.target ||
      again.fields.size() != head.fields.size() || again.framing != head.framing || !head.has_host) {
    std::abort();
  }
  if (head.framing == http::Framing::until_close) std::abort();
}

class Session final : public http2::ServerSession {
 public:
  using ServerSession::ServerSession;
  int under_way = 0;

 protected:
  http::Task<void> handle(http2::ServerStream& stream) override {
    ++under_way;
    const auto& head = stream.head();
    check_head(head);
    std::uint64_t size = 0;
    bool is_whole = head.framing == http::Framing::none;
    for (bool goes_on = !is_whole; goes_on;) {
      const auto piece = co_await stream.read_body();
      size += piece.data.size();
      is_whole = piece.status == Status::last;
      goes_on = piece.status == Status::more;
    }
    if (is_whole && head.framing == http::Framing::length && size != head.content_length) std::abort();
    const std::string fields = "Content-Type: text/plain\r\nX-Long: " + std::string(100, 'x') + "\r\n";
    http::ResponseStart start;
    start.fields = &fields;
    start.has_body = head.method != "HEAD";
    bool there = co_await stream.send_head(start, start.has_body ? "answer" : "", !start.has_body);
    if (there && start.has_body) there = co_await stream.send_body("more", true, "X-Sum: 1\r\n");
    --under_way;
  }

  http::Task<void> refuse_head(http2::ServerStream& stream, http::HeadError error) override {
    const std::string fields;
    http::ResponseStart start;
    start.status = 400;
    start.fields = &fields;
    static_cast<void>(co_await stream.send_head(start, error.message, true));
  }
};

http::Task<void> serve(Session& session) { co_await session.serve({}); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::asio::io_context context{1};
  http::Ticker ticker{context};
  fuzz::Peer peer{context};
  http::Stream stream{std::move(peer.socket)};
  bool ended = false;
  {
    Session session{context,
                    ticker,
                    stream,
                    size > 0 && data[0] >= 128 ? http2::TargetForm::absolute : http2::TargetForm::origin,
                    {}};
    http::asio::co_spawn(context, serve(session), [&](const std::exception_ptr& error) {
      ended = error == nullptr;
      ticker.stop();
    });
    peer.say(fuzz::frames_in({data, size}, http2::client_preface, {0, 1, 3, 1, 3, 5, 2, 7}));
    // What was said is answered before the client leaves.
    while (context.poll() > 0) {
    }
    peer.leave();
    context.run();
    if (!ended || session.under_way != 0) std::abort();
  }
  return 0;
}
