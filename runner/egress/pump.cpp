#include "runner/egress/pump.hpp"

#include "runner/egress/request_head.hpp"

namespace runagents::egress {
namespace {

using Status = http::BodyReader::Status;

}  // namespace

http::Task<void> BodyPump::wait() {
  while (!ended_) static_cast<void>(co_await over_.async_wait(http::by_value));
}

http::Task<void> pump_body(std::shared_ptr<BodyPump> pump, Exchange& exchange, http::ClientExchange& upstream,
                           Call& call, http::Framing framing) {
  std::string trailers;
  for (;;) {
    const auto piece = co_await exchange.read_body();
    pump->malformed_ = piece.status == Status::malformed;
    if (piece.status != Status::more && piece.status != Status::last) {
      upstream.close();
      break;
    }
    const bool last = piece.status == Status::last;
    if (last && framing == http::Framing::chunked) write_request_trailers(trailers, call, exchange.request_trailers());
    upstream.arm(call.tool->timeout);
    const auto error = co_await upstream.send_body(piece.data, last, trailers);
    if (error) break;
    call.bytes_in += piece.data.size();
    pump->sent_all_ = last;
    if (pump->sent_all_) break;
  }
  pump->ended_ = true;
  pump->over_.cancel();
}

}  // namespace runagents::egress
