// What a server of HTTP/2 may say to us: the input is a row of frames. Two calls are under way. Whatever comes, each
// ends, and what is handed on is a response that could have come over HTTP/1.1.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http2/client_session.hpp"
#include "core/http2/client_stream.hpp"
#include "tests/fuzz/http2_frames.hpp"

namespace {

using namespace runagents;
using Status = http::BodyReader::Status;

/// The head once more, as a server of HTTP/1.1 would have sent it.
void check_head(const http::ResponseHead& head, std::string_view method) {
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " " + std::string{head.reason} + "\r\n";
  for (const auto& field : head.fields) text.append(field.name).append(": ").append(field.value).append("\r\n");
  text.append("\r\n");
  http::ResponseHead again;
  const auto parsed = http::parse_response_head(text, method, {.max_head_bytes = 64 * 1024, .max_fields = 256}, again);
  if (!parsed || *parsed != text.size() || again.status != head.status || again.fields.size() != head.fields.size()) {
    std::abort();
  }
  if (head.status == 101 || !head.keep_alive || head.framing == http::Framing::until_close) std::abort();
  if (method == "HEAD" && head.framing != http::Framing::none) std::abort();
}

http::Task<void> call(std::shared_ptr<http2::ClientSession> session, std::string method, int& under_way) {
  {
    const auto stream = session->open();
    stream->out = method + " /x HTTP/1.1\r\nHost: t\r\n\r\n";
    const bool posts = method == "POST";
    const auto sent = posts ? co_await stream->open_request(http::Framing::chunked) : co_await stream->send_request({});
    if (!sent && posts) static_cast<void>(co_await stream->send_body("body", true, "X-Sum: 1\r\n"));
    bool has_head = false;
    for (bool interim = true; interim;) {
      has_head = co_await stream->read_head(method) == http::ClientExchange::Head::complete;
      if (has_head) check_head(stream->response, method);
      interim = has_head && stream->response.status < 200;
    }
    std::uint64_t size = 0;
    for (auto status = has_head ? Status::more : Status::last; status == Status::more;) {
      const auto piece = co_await stream->next();
      status = piece.status;
      size += piece.data.size();
      const bool is_whole = status == Status::last && stream->response.framing == http::Framing::length;
      if (is_whole && size != stream->response.content_length) std::abort();
    }
  }
  if (--under_way == 0) session->close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  http::asio::io_context context{1};
  http::Ticker ticker{context};
  fuzz::Peer peer{context};
  int under_way = 2;
  {
    const auto session = http2::ClientSession::start(context, ticker, http::Stream{std::move(peer.socket)});
    http::asio::co_spawn(context, call(session, "POST", under_way), http::asio::detached);
    http::asio::co_spawn(context,
                         call(session, data != nullptr && size > 0 && data[0] >= 128 ? "HEAD" : "GET", under_way),
                         [&](const std::exception_ptr&) { ticker.stop(); });
  }
  // The calls are on their way before the server says anything: what it says to nobody ends the connection.
  while (context.poll() > 0) {
  }
  peer.say(fuzz::frames_in({data, size}, {}, {0, 1, 3, 1, 3, 5, 2, 0}));
  peer.leave();
  context.run();
  if (under_way != 0) std::abort();
  return 0;
}
