#include "runner/egress/pipeline.hpp"
#include "runner/egress/tunnel.hpp"

namespace runagents::egress {

http::Task<void> forward_bytes(Engine& engine, Call& call, Exchange& exchange) {
  call.sent = Clock::now();
  if (!engine.recorder.note_leaving(call)) {
    co_await answer_refusal(engine, call, exchange, std::move(unrecordable().error()));
    co_return;
  }
  auto connection = co_await engine.upstreams.dial_bytes(*call.tool);
  if (!connection) {
    co_await answer_refusal(engine, call, exchange, std::move(connection.error()));
    co_return;
  }
  call.status = 200;
  if (co_await exchange.open_tunnel()) co_await run_tunnel(engine, call, exchange, **connection);
  static_cast<void>(engine.recorder.record(call, nullptr));
}

}  // namespace runagents::egress
