#include "runner/egress/pipeline.hpp"

#include <array>
#include <exception>

#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

constexpr std::array<Stage, 6> admission = {read_target,         //
                                            identify_tool,       //
                                            verify_agent,        //
                                            evaluate_policy,     //
                                            enforce_capability,  //
                                            apply_limits};

Verdict admit(const Engine& engine, Call& call) {
  if (!engine.recorder.expect(call)) {
    return refuse(model::RefusalCode::internal, "calls cannot be recorded any more, so none is forwarded",
                  "is the disk with the event journal full?");
  }
  try {
    for (const auto stage : admission) {
      if (auto verdict = stage(*call.snapshot, call); !verdict) return verdict;
    }
  } catch (const std::exception&) {
    return refuse(model::RefusalCode::internal, "the call could not be decided upon");
  }
  return pass();
}

/// The stages that may wait for somebody: a person, a secret.
http::Task<Verdict> clear(Engine& engine, Call& call, Exchange& exchange) {
  if (call.decision.permission == model::Permission::approval_required) {
    auto approved = co_await engine.approvals.approve(call, exchange);
    if (!approved) co_return approved;
  }
  if (auto identity = resolve_identity(*call.snapshot, call); !identity) co_return identity;
  auto credential = co_await engine.credentials.inject(call);
  co_return credential;
}

}  // namespace

http::Task<void> handle(Engine& engine, Call& call, Exchange& exchange) {
  call.snapshot = engine.snapshot;
  engine.request_ids.next(call.request_id);
  auto verdict = admit(engine, call);
  if (verdict) verdict = co_await clear(engine, call, exchange);
  call.decided = Clock::now();
  if (!verdict) {
    co_await answer_refusal(engine, call, exchange, std::move(verdict.error()));
    co_return;
  }
  co_await forward(engine, call, exchange);
}

http::Task<void> answer_refusal(Engine& engine, Call& call, Exchange& exchange, Refusal refusal) {
  if (call.decided == Clock::time_point{}) call.decided = Clock::now();
  call.status = model::traits(refusal.code).status;
  auto body = to_json(refusal, call);
  call.bytes_out = body.size();
  if (!engine.recorder.record(call, &refusal) && refusal.code != model::RefusalCode::internal) {
    auto unrecorded = refuse(model::RefusalCode::internal, "the call could not be recorded").error();
    refusal = std::move(unrecorded);
    body = to_json(refusal, call);
  }
  std::string fields =
      "Content-Type: application/json\r\nCache-Control: no-store\r\nProxy-Status: " + proxy_status(refusal) + "\r\n";
  if (refusal.retry_after_s > 0) fields += "Retry-After: " + std::to_string(refusal.retry_after_s) + "\r\n";
  if (refusal.code == model::RefusalCode::method_not_allowed) {
    fields += "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
  }
  ResponseStart start;
  start.status = model::traits(refusal.code).status;
  start.fields = &fields;
  start.content_length = body.size();
  start.has_body = call.method() != "HEAD";
  static_cast<void>(
      co_await exchange.send_head(start, start.has_body ? std::string_view{body} : std::string_view{}, true));
}

}  // namespace runagents::egress
