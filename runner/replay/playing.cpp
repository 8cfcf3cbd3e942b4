#include "runner/replay/playing.hpp"

#include "runner/egress/pipeline.hpp"
#include "runner/gateway/spending.hpp"
#include "runner/replay/playback.hpp"
#include "runner/replay/tape.hpp"

namespace runagents::replay {
namespace {

using egress::Call;
using egress::Engine;
using egress::Exchange;

egress::Refusal not_recorded(const Call& call) {
  return egress::refuse(model::RefusalCode::upstream_unreachable,
                        "the recording has no answer left to " + std::string{call.method()} + " " + call.url(),
                        "this is a replay: no tool is called. Record the run again: runagents run --record")
      .error();
}

http::Task<bool> send(const RecordedCall& recorded, const Call& call, Exchange& exchange) {
  const auto fields = replaced(recorded.fields, own_door, door_of(call));
  egress::ResponseStart start;
  start.status = recorded.status;
  start.fields = &fields;
  start.has_body = recorded.has_body;
  start.content_length = recorded.content_length;
  const bool ends_with_body = recorded.trailers.empty() && !recorded.is_cut;
  const auto body = recorded.has_body ? std::string_view{recorded.body} : std::string_view{};
  bool there = co_await exchange.send_head(start, body, ends_with_body);
  if (there && !ends_with_body && !recorded.is_cut) {
    there = co_await exchange.send_body({}, true, recorded.trailers);
  }
  if (recorded.is_cut) exchange.abort();
  co_return there;
}

}  // namespace

CallKey key_of(const Call& call) {
  CallKey key{.tool = call.inference || call.tool == nullptr ? std::string{} : call.tool->name,
              .method = std::string{call.method()},
              .target = std::string{call.path}};
  if (call.has_query) key.target.append("?").append(call.query);
  return key;
}

std::string door_of(const Call& call) {
  if (call.arrival->door != egress::Door::alias) return {};
  return "http://" + call.arrival->authority;
}

http::Task<void> answer_from_recording(Engine& engine, Call& call, Exchange& exchange) {
  call.decided = egress::Clock::now();
  if (call.method() == "CONNECT") {
    co_await answer_refusal(engine, call, exchange, not_recorded(call));
    co_return;
  }
  std::optional<std::string> body;
  if (call.inference) {
    body = call.inference->request->body;
  } else if (call.held_body) {
    body = *call.held_body;
  } else {
    body = co_await exchange.read_whole_body(Tape::max_body);
  }
  if (!body) {
    co_await answer_refusal(
        engine, call, exchange,
        egress::refuse(model::RefusalCode::body_too_large, "this is a replay, and so large a body is not recorded")
            .error());
    co_return;
  }
  const auto recorded = engine.playback->take(key_of(call), *body);
  if (!recorded) {
    co_await answer_refusal(engine, call, exchange, not_recorded(call));
    co_return;
  }
  if (call.inference) gateway::settle(engine, call, false);
  call.sent = egress::Clock::now();
  call.status = recorded->status;
  call.bytes_in = body->size();
  call.bytes_out = recorded->body.size();
  if (!engine.recorder.record(call, nullptr)) {
    exchange.abort();
    co_return;
  }
  static_cast<void>(co_await send(*recorded, call, exchange));
}

}  // namespace runagents::replay
