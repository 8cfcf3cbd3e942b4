#include "runner/egress/pump.hpp"

#include "runner/egress/request_head.hpp"

namespace runagents::egress {
namespace {

using Status = http::BodyReader::Status;

/// What comes before and after a piece on the wire.
struct Wrapping {
  std::string before;
  std::string after;

  void wrap(const Call& call, const http::BodyReader::Piece& piece, const std::vector<http::Field>& trailers) {
    before.clear();
    after.clear();
    if (!piece.data.empty()) {
      http::append_chunk_head(before, piece.data.size());
      after = "\r\n";
    }
    if (piece.status != Status::last) return;
    std::string fields;
    write_request_trailers(fields, call, trailers);
    after.append("0\r\n").append(fields).append("\r\n");
  }
};

}  // namespace

http::Task<void> BodyPump::wait() {
  while (!ended_) static_cast<void>(co_await over_.async_wait(http::by_value));
}

http::Task<void> pump_body(std::shared_ptr<BodyPump> pump, Exchange& exchange, UpstreamConnection& connection,
                           Call& call, http::Framing framing) {
  Wrapping wrapping;
  for (;;) {
    const auto piece = co_await exchange.read_body();
    pump->malformed_ = piece.status == Status::malformed;
    if (piece.status != Status::more && piece.status != Status::last) {
      connection.close();
      break;
    }
    if (framing == http::Framing::chunked) wrapping.wrap(call, piece, exchange.request_trailers());
    connection.arm(call.tool->timeout);
    const auto error = co_await connection.stream.write(wrapping.before, piece.data, wrapping.after);
    if (error) break;
    call.bytes_in += piece.data.size();
    pump->sent_all_ = piece.status == Status::last;
    if (pump->sent_all_) break;
  }
  pump->ended_ = true;
  pump->over_.cancel();
}

}  // namespace runagents::egress
