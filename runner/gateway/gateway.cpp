#include "runner/gateway/gateway.hpp"

#include "runner/egress/pipeline.hpp"
#include "runner/gateway/answering.hpp"
#include "runner/gateway/local_answer.hpp"
#include "runner/gateway/monthly_budgets.hpp"
#include "runner/gateway/provider_route.hpp"
#include "runner/gateway/spending.hpp"
#include "runner/gateway/stages.hpp"
#include "runner/replay/playing.hpp"

namespace runagents::gateway {
namespace {

using egress::Call;
using egress::Engine;
using egress::Exchange;
using egress::Verdict;

/// The same call for the next provider. The journal must have room for one more event.
Verdict begin_again(Engine& engine, Call& call) {
  call.inference->turn_to_next();
  call.tool = nullptr;
  call.capability = nullptr;
  call.decision = {};
  call.observed.reset();
  call.credential.reset();
  call.held_body.reset();
  call.approval_id.clear();
  call.approved = false;
  call.cut_short.reset();
  call.status = 0;
  call.bytes_in = 0;
  call.bytes_out = 0;
  call.waited = {};
  call.recorded = false;
  call.started = egress::Clock::now();
  return expect_record(engine, call);
}

http::Task<void> ask(Engine& engine, Call& call, Exchange& exchange) {
  std::optional<egress::Refusal> failed;
  for (auto verdict = egress::pass();;) {
    if (verdict) verdict = judge(call);
    // A replay costs nothing and needs nobody.
    const bool is_replay = engine.playback != nullptr;
    if (verdict && !is_replay && engine.monthly_budgets != nullptr)
      verdict = co_await engine.monthly_budgets->reserve(call);
    if (verdict && !is_replay) verdict = co_await clear(engine, call, exchange);
    call.decided = egress::Clock::now();
    if (!verdict) {
      // In place of a fallback that may not be asked the next one is, and in the end the failure itself is told.
      if (failed) {
        settle(engine, call, false);
        static_cast<void>(engine.recorder.record(call, &verdict.error()));
      }
      if (!failed || !call.inference->has_next()) {
        co_await answer_refusal(engine, call, exchange, failed ? *std::move(failed) : std::move(verdict.error()));
        co_return;
      }
    } else if (is_answered_here(*call.inference->route()->provider, call.inference->endpoint.api)) {
      co_await answer_token_count(engine, call, exchange);
      co_return;
    } else if (is_replay) {
      co_await replay::answer_from_recording(engine, call, exchange);
      co_return;
    } else {
      failed = co_await relay_answer(engine, call, exchange);
      if (!failed) co_return;
    }
    verdict = begin_again(engine, call);
  }
}

}  // namespace

http::Task<void> serve(Engine& engine, Call& call, Exchange& exchange) {
  engine.request_ids.next(call.request_id);
  auto verdict = recognise(engine, call);
  if (verdict && call.inference->endpoint.kind != Endpoint::Kind::model_call) {
    co_await answer_about_models(engine, call, exchange);
    co_return;
  }
  if (verdict) verdict = co_await read_question(call, exchange);
  if (!verdict) {
    co_await answer_refusal(engine, call, exchange, std::move(verdict.error()));
    co_return;
  }
  co_await ask(engine, call, exchange);
}

}  // namespace runagents::gateway
