#include "runner/egress/pipeline.hpp"

#include <array>
#include <exception>
#include <span>

#include "runner/egress/deadline.hpp"
#include "runner/egress/grpc_answer.hpp"
#include "runner/egress/mcp_answer.hpp"
#include "runner/egress/stages.hpp"
#include "runner/gateway/gateway.hpp"
#include "runner/gateway/refusal_body.hpp"
#include "runner/gateway/spending.hpp"
#include "runner/gateway/stages.hpp"
#include "runner/replay/playing.hpp"
#include "runner/replay/recording_exchange.hpp"

namespace runagents::egress {
namespace {

constexpr std::array<Stage, 7> admission = {read_target,         //
                                            identify_tool,       //
                                            verify_agent,        //
                                            resolve_identity,    //
                                            evaluate_policy,     //
                                            enforce_capability,  //
                                            apply_limits};
/// Of a CONNECT whose requests will be judged one by one: it is allowed nothing by itself.
constexpr auto tunnel_admission = std::span{admission}.first<3>();
/// What there is to know before a body has been read.
constexpr auto recognition = std::span{admission}.first<4>();
constexpr auto judgement = std::span{admission}.subspan<recognition.size()>();

/// The same for models: the provider takes the place of the tool, and is known only when the body has been read. No
/// stranger's body is.
constexpr std::array<Stage, 7> model_admission = {read_target,                  //
                                                  verify_agent,                 //
                                                  gateway::identify_provider,   //
                                                  resolve_identity,             //
                                                  evaluate_policy,              //
                                                  gateway::translate_question,  //
                                                  apply_limits};
constexpr auto model_recognition = std::span{model_admission}.first<2>();
constexpr auto model_judgement = std::span{model_admission}.subspan<model_recognition.size()>();

Verdict pass_through(std::span<const Stage> stages, Call& call) {
  try {
    for (const auto stage : stages) {
      if (auto verdict = stage(*call.snapshot, call); !verdict) return verdict;
    }
  } catch (const std::exception&) {
    return refuse(model::RefusalCode::internal, "the call could not be decided upon");
  }
  return pass();
}

/// What is said to an MCP server stands in the body, which is read before it is judged.
bool speaks_mcp(const Call& call) { return call.tool->kind == model::ToolKind::mcp && call.method() != "CONNECT"; }

/// The calls will come through the tunnel; opening it is none.
http::Task<Verdict> open_tunnel(Engine& engine, Call& call, Exchange& exchange) {
  if (engine.tls == nullptr) {
    co_return refuse(model::RefusalCode::interception_unavailable,
                     "CONNECT " + std::string{call.host} + ": without a fence no TLS connection is looked into",
                     "call the tool at its TOOL_*_URL, or run with the fence");
  }
  engine.recorder.forget(call);
  if (!co_await exchange.open_tunnel()) co_return pass();
  Destination destination;
  destination.host = call.host;
  destination.port = call.port;
  call.tunnel_to = std::move(destination);
  co_return pass();
}

std::string body_of(const Refusal& refusal, const Call& call) {
  return call.inference ? gateway::refusal_body(refusal, call) : to_json(refusal, call);
}

/// What a path takes; TRACE and its like are refused before anybody looks at it.
std::string_view methods_for(const Call& call) {
  const auto of_gateway = call.inference ? gateway::allowed_methods(call) : std::string_view{};
  if (!of_gateway.empty()) return of_gateway;
  const bool is_mcp = call.tool != nullptr && call.tool->kind == model::ToolKind::mcp;
  return is_mcp ? "POST, GET, DELETE" : "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
}

/// What a client has to bring (RFC 6750, section 3): the error is named only when there was a token.
std::string challenge(const Refusal& refusal, const Call& call) {
  const auto* error = refusal.code == model::RefusalCode::token_missing ? "" : ", error=\"invalid_token\"";
  return "WWW-Authenticate: Bearer realm=\"" + call.snapshot->agent + "\"" + error + "\r\n";
}

/// False: it could not be recorded, and this is what there is to say now.
bool record_refusal(Engine& engine, Call& call, Refusal& refusal) {
  if (engine.recorder.record(call, &refusal) || refusal.code == model::RefusalCode::internal) return true;
  auto unrecorded = refuse(model::RefusalCode::internal, "the call could not be recorded");
  refusal = std::move(unrecorded.error());
  return false;
}

/// Of a refusal in whatever form.
std::string fields_of(const Refusal& refusal) {
  auto fields = "Cache-Control: no-store\r\nProxy-Status: " + proxy_status(refusal) + "\r\n";
  if (refusal.retry_after_s > 0) fields += "Retry-After: " + std::to_string(refusal.retry_after_s) + "\r\n";
  return fields;
}

/// The record keeps the status that the refusal has elsewhere; on the wire it is 200, and the fields say what happened.
http::Task<void> answer_refusal_as_grpc(Engine& engine, Call& call, Exchange& exchange, Refusal refusal) {
  call.status = model::traits(refusal.code).status;
  call.grpc->status = grpc_status_of(refusal.code);
  record_refusal(engine, call, refusal);
  const auto answer = answer_as_grpc(refusal, call);
  const auto fields = answer.fields + fields_of(refusal);
  ResponseStart start;
  start.status = 200;
  start.fields = &fields;
  start.content_length = 0;
  static_cast<void>(co_await exchange.send_head(start, {}, true));
}

}  // namespace

Verdict recognise(const Engine& engine, Call& call) {
  if (auto room = expect_record(engine, call); !room) return room;
  if (call.arrival->door == Door::gateway) return pass_through(model_recognition, call);
  if (auto verdict = pass_through(tunnel_admission, call); !verdict || call.opens_tunnel) return verdict;
  return pass_through(recognition.subspan<tunnel_admission.size()>(), call);
}

Verdict judge(Call& call) {
  if (call.inference) return pass_through(model_judgement, call);
  if (!call.mcp) return pass_through(judgement, call);
  try {
    return judge_messages(*call.snapshot, call, judgement);
  } catch (const std::exception&) {
    return refuse(model::RefusalCode::internal, "the call could not be decided upon");
  }
}

http::Task<Verdict> clear(Engine& engine, Call& call, Exchange& exchange) {
  // What would be refused or held goes out as it came: nobody is asked, and no credential leaves for it.
  if (call.observed) co_return pass();
  if (call.decision.permission == model::Permission::approval_required) {
    auto approved = co_await engine.approvals.approve(call, exchange);
    if (!approved) co_return approved;
  }
  auto credential = co_await engine.credentials.inject(call, exchange);
  co_return credential;
}

Verdict expect_record(const Engine& engine, Call& call) {
  if (engine.recorder.expect(call)) return pass();
  return unrecordable();
}

std::unexpected<Refusal> unrecordable() {
  return refuse(model::RefusalCode::internal, "calls cannot be recorded any more, so none is forwarded",
                "is the disk with the event journal full?");
}

namespace {

/// What `clear` does, where nothing has to be waited for.
bool clear_at_once(Engine& engine, Call& call) {
  return !call.observed && call.decision.permission != model::Permission::approval_required &&
         engine.credentials.inject_at_once(call);
}

http::Task<void> take_through(Engine& engine, Call& call, Exchange& exchange) {
  call.snapshot = engine.snapshot;
  call.grpc = read_grpc(*call.head, call.started);
  const Deadline deadline{engine.context, call, exchange};
  if (call.arrival->door == Door::ingress) {
    co_await engine.entrance->serve(engine, call, exchange);
    co_return;
  }
  if (call.arrival->door == Door::gateway) {
    co_await gateway::serve(engine, call, exchange);
    co_return;
  }
  engine.request_ids.next(call.request_id);
  auto verdict = recognise(engine, call);
  if (verdict && !call.opens_tunnel) {
    if (speaks_mcp(call)) verdict = co_await read_messages(call, exchange);
    if (verdict) verdict = judge(call);
  }
  if (verdict && call.method() == "CONNECT" && exchange.has_early_bytes()) {
    verdict = refuse(model::RefusalCode::bad_request, "bytes came before the CONNECT was answered");
  } else if (verdict && call.opens_tunnel) {
    verdict = co_await open_tunnel(engine, call, exchange);
    if (verdict) co_return;
  } else if (verdict && engine.playback != nullptr) {
    co_await replay::answer_from_recording(engine, call, exchange);
    co_return;
  } else if (verdict && !clear_at_once(engine, call)) {
    verdict = co_await clear(engine, call, exchange);
    if (verdict && is_late(call)) verdict = too_late();
  }
  call.decided = Clock::now();
  if (!verdict) {
    co_await answer_refusal(engine, call, exchange, std::move(verdict.error()));
    co_return;
  }
  if (call.method() == "CONNECT") {
    co_await forward_bytes(engine, call, exchange);
  } else {
    co_await forward(engine, call, exchange);
  }
}

http::Task<void> record_on_the_way(Engine& engine, Call& call, Exchange& exchange) {
  replay::RecordingExchange recording{exchange, *engine.tape, call};
  co_await take_through(engine, call, recording);
  recording.finish();
}

}  // namespace

http::Task<void> handle(Engine& engine, Call& call, Exchange& exchange) {
  const bool is_kept = engine.tape != nullptr && call.arrival->door != Door::ingress;
  return is_kept ? record_on_the_way(engine, call, exchange) : take_through(engine, call, exchange);
}

http::Task<void> answer_refusal(Engine& engine, Call& call, Exchange& exchange, Refusal refusal) {
  if (call.decided == Clock::time_point{}) call.decided = Clock::now();
  if (call.inference) gateway::settle(engine, call, false);
  // Whatever ended the wait: nobody waits any longer.
  if (is_late(call)) refusal = std::move(too_late().error());
  if (call.grpc) {
    co_await answer_refusal_as_grpc(engine, call, exchange, std::move(refusal));
    co_return;
  }
  auto said = answer_as_mcp(refusal, call);
  call.status = said ? said->status : model::traits(refusal.code).status;
  auto body = said ? std::move(said->body) : body_of(refusal, call);
  call.bytes_out = body.size();
  if (!record_refusal(engine, call, refusal)) {
    body = body_of(refusal, call);
    call.status = model::traits(refusal.code).status;
  }
  auto fields = "Content-Type: application/json\r\n" + fields_of(refusal);
  if (refusal.code == model::RefusalCode::method_not_allowed) {
    fields.append("Allow: ").append(methods_for(call)).append("\r\n");
  }
  if (call.status == 401) fields += challenge(refusal, call);
  ResponseStart start;
  start.status = call.status;
  start.fields = &fields;
  start.content_length = body.size();
  start.has_body = call.method() != "HEAD";
  static_cast<void>(
      co_await exchange.send_head(start, start.has_body ? std::string_view{body} : std::string_view{}, true));
}

http::Task<void> answer_at_once(Engine& engine, Call& call, Exchange& exchange, Refusal refusal) {
  call.snapshot = engine.snapshot;
  engine.request_ids.next(call.request_id);
  co_await answer_refusal(engine, call, exchange, std::move(refusal));
}

http::Task<void> answer_unreadable(Engine& engine, Call& call, const Arrival& arrival, Exchange& exchange,
                                   http::HeadError error, std::string_view version) {
  call.reset(arrival);
  const bool large = error.kind == http::HeadError::Kind::too_large;
  auto refusal = refuse(large ? model::RefusalCode::headers_too_large : model::RefusalCode::bad_request,
                        "the request is not sound " + std::string{version} + ": " + std::string{error.message});
  co_await answer_at_once(engine, call, exchange, std::move(refusal.error()));
}

}  // namespace runagents::egress
