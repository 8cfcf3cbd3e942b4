#include "runner/egress/recorder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/audit/masking.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {
namespace {

std::uint64_t us_between(Clock::time_point from, Clock::time_point to) {
  if (from == Clock::time_point{} || to <= from) return 0;
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

void append_origin(std::string& out, const Call& call) {
  out.append(call.scheme).append("://");
  const bool v6 = call.host.find(':') != std::string_view::npos;
  if (v6) out.push_back('[');
  out.append(call.host);
  if (v6) out.push_back(']');
  if (call.port != policy::default_port(call.scheme)) {
    char digits[8];
    out.push_back(':');
    out.append(digits, std::to_chars(digits, digits + sizeof digits, call.port).ptr);
  }
}

void append_target(std::string& out, const Call& call) {
  if (call.host.empty()) return;
  append_origin(out, call);
  out.append(call.path);
  if (!call.has_query) return;
  std::string query{"?"};
  query.append(call.query);
  audit::append_masked_url(out, query);
}

/// In lines of ordinary length.
std::size_t lines_for(std::size_t calls, std::size_t bodies) {
  // The events that end a run have to fit as well.
  constexpr std::size_t closing_lines = 8;
  constexpr std::size_t lines_of_bodies = 80;
  return calls + bodies * lines_of_bodies + closing_lines;
}

std::string_view outcome(const Call& call, const Refusal* refusal) {
  if (refusal != nullptr) return "refused";
  if (call.observed) return "observed";
  return call.approved ? "approved" : "allowed";
}

void describe_decision(audit::CallRecord& record, const Call& call) {
  if (call.decision.policy == nullptr) return;
  record.policy = call.decision.policy->name;
  record.rule = call.decision.rule;
}

/// What another run would have done, as far as stages that only think can tell.
void describe_other_outcome(audit::CallRecord& record, const Call& call, const Refusal* refusal) {
  if (!call.snapshot->observes() || call.arrival->door == Door::ingress) return;
  record.would_be = record.decision;
  record.would_code = record.code;
  if (!call.observed) return;
  const bool is_held = call.observed == model::RefusalCode::approval_required;
  // Limits come before anybody is asked.
  if (is_held && refusal != nullptr && model::traits(refusal->code).stage == "limits") return;
  record.would_be = is_held ? "held" : "refused";
  record.would_code = model::traits(*call.observed).word;
}

void count_kind(std::vector<Totals::Refused>& kinds, Totals::Refused one) {
  const auto same = std::ranges::find_if(kinds, [&one](const Totals::Refused& known) {
    return known.method == one.method && known.url == one.url && known.code == one.code;
  });
  if (same != kinds.end()) {
    ++same->times;
  } else if (kinds.size() < Totals::max_refusals) {
    kinds.push_back(std::move(one));
  }
}

}  // namespace

bool Recorder::expect(Call& call) {
  call.expected = journal_.reserve(lines_for(expected_ + 1, expected_bodies_));
  if (call.expected) ++expected_;
  return call.expected;
}

bool Recorder::expect_bodies(Call& call) {
  auto& bodies = call.inference->bodies;
  if (bodies.are_expected) return true;
  bodies.are_expected = journal_.reserve(lines_for(expected_, expected_bodies_ + 1));
  if (bodies.are_expected) ++expected_bodies_;
  return bodies.are_expected;
}

/// What is known once the call is decided upon; the views are good until the next one.
audit::CallRecord Recorder::describe(const Call& call) {
  audit::CallRecord record;
  record.request_id = call.request_id;
  record.door = word(call.arrival->door);
  if (call.arrival->door == Door::ingress) record.type = "INGRESS_REQUEST";
  if (call.arrival->peer) {
    record.pid = call.arrival->peer->pid;
    record.exe = call.arrival->peer->exe;
  }
  record.end_user = call.end_user;
  if (call.tool != nullptr && call.tool->is_registered) record.tool = call.tool->name;
  if (call.capability != nullptr) record.capability = call.capability->name;
  record.method = call.method();
  if (call.mcp) {
    mcp_methods_ = call.mcp->methods();
    mcp_tools_ = call.mcp->tool_names();
    record.mcp_method = mcp_methods_;
    if (!mcp_tools_.empty()) record.capability = mcp_tools_;
  }
  if (call.inference) describe_model(record, *call.inference);
  url_.clear();
  append_target(url_, call);
  record.url = url_;
  describe_decision(record, call);
  record.approval_id = call.approval_id;
  if (call.credential) record.credential = call.credential->label;
  return record;
}

bool Recorder::note_leaving(Call& call) {
  if (call.noted != audit::CallsUnderWay::nowhere) return true;
  auto record = describe(call);
  record.decision = outcome(call, nullptr);
  record.code = "OUTCOME_UNKNOWN";
  describe_other_outcome(record, call, nullptr);
  call.noted = journal_.note_leaving(record);
  return call.noted != audit::CallsUnderWay::nowhere;
}

void Recorder::record_left() {
  // A failure leaves what was noted where it is, for whoever looks at the run next.
  const auto calls = journal_.append_left().value_or(0);
  totals_.calls += calls;
  totals_.allowed += calls;
}

bool Recorder::record(Call& call, const Refusal* refusal, audit::Journal::Write write) {
  if (call.recorded) return true;
  if (std::exchange(call.expected, false)) --expected_;
  const auto now = Clock::now();
  auto record = describe(call);
  if (call.inference) describe_usage(record, *call.inference);
  record.decision = outcome(call, refusal);
  if (refusal != nullptr) {
    record.code = model::traits(refusal->code).word;
  } else if (call.cut_short) {
    record.code = model::traits(*call.cut_short).word;
  }
  describe_other_outcome(record, call, refusal);
  record.status = call.status;
  if (call.grpc && call.grpc->status) record.grpc_status = static_cast<int>(*call.grpc->status);
  record.bytes_in = call.bytes_in;
  record.bytes_out = call.bytes_out;
  record.us_queue = static_cast<std::uint64_t>(call.waited.count());
  const auto decided = call.decided == Clock::time_point{} ? now : call.decided;
  const auto deciding = us_between(call.started, decided);
  record.us_decide = deciding > record.us_queue ? deciding - record.us_queue : 0;
  record.us_upstream = us_between(call.sent, now);
  if (!journal_.append(record, write, call.noted)) return false;
  call.noted = audit::CallsUnderWay::nowhere;
  call.recorded = true;
  count(record, call);
  if (on_call) on_call(record);
  return true;
}

void Recorder::describe_model(audit::CallRecord& record, const gateway::Inference& inference) {
  record.type = "MODEL_CALLED";
  const auto* route = inference.route();
  if (route == nullptr) {
    if (inference.request) record.asked = inference.request->model;
    return;
  }
  record.model = route->model;
  record.asked = inference.alias();
  record.left_out = inference.left_out;
}

/// What the answer has cost; and the bodies, once.
void Recorder::describe_usage(audit::CallRecord& record, gateway::Inference& inference) {
  if (inference.route() == nullptr) return;
  const auto& usage = inference.usage;
  record.has_usage = usage.input_tokens + usage.output_tokens > 0;
  record.is_estimated = !usage.is_known;
  record.input_tokens = usage.input_tokens;
  record.output_tokens = usage.output_tokens;
  record.cached_input_tokens = usage.cached_input_tokens;
  cost_ = inference.cost ? model::decimal_dollars(*inference.cost) : std::string{};
  record.cost_usd = cost_;
  if (!std::exchange(inference.bodies.are_expected, false)) return;
  --expected_bodies_;
  using gateway::KeptBodies;
  request_body_ = audit::preview_body(inference.request->body, "application/json", KeptBodies::max_bytes);
  response_body_ =
      audit::preview_body(inference.bodies.response, inference.bodies.response_type, KeptBodies::max_bytes);
  record.request_body = request_body_;
  record.response_body = response_body_;
}

void Recorder::forget(Call& call) {
  if (std::exchange(call.expected, false)) --expected_;
}

void Recorder::note_tls_failure(std::string_view host, std::string_view reason) {
  // An agent that tries for ever must not fill the disk.
  constexpr std::size_t max_noted = 100;
  if (++tls_failures_ > max_noted) return;
  const std::string server{host};
  note("TLS_FAILED", "the agent's TLS connection to " + server + " failed: " + std::string{reason},
       std::array{std::pair<std::string_view, std::string_view>{"host", server}});
}

void Recorder::count(const audit::CallRecord& record, const Call& call) {
  if (call.arrival->door == Door::ingress) {
    ++totals_.requests;
    if (record.decision == "refused") ++totals_.requests_refused;
    return;
  }
  ++totals_.calls;
  if (call.inference && record.decision != "refused") count_model(record, *call.inference);
  if (record.decision == "allowed") ++totals_.allowed;
  if (record.decision == "approved") ++totals_.approved;
  if (record.decision == "refused") ++totals_.refused;
  if (record.decision == "observed") ++totals_.observed;
  if (record.decision != "refused" && record.decision != "observed") return;
  const auto method = call.mcp               ? call.mcp->operation(record.method)
                      : record.model.empty() ? record.method
                                             : record.model;
  const auto* policy = call.decision.policy;
  const bool is_refused = record.decision == "refused";
  count_kind(is_refused ? totals_.refusals : totals_.observations,
             {std::string{method}, std::string{record.url}, std::string{is_refused ? record.code : record.would_code},
              policy == nullptr ? "" : policy->name + "#" + std::to_string(call.decision.rule), 1});
}

void Recorder::count_model(const audit::CallRecord& record, const gateway::Inference& inference) {
  model::add_up(totals_.models, {std::string{record.tool}, std::string{record.model}, 1, record.input_tokens,
                                 record.output_tokens, inference.cost.value_or(0)});
}

void Recorder::note(std::string_view type, std::string_view detail,
                    std::span<const std::pair<std::string_view, std::string_view>> fields) {
  // A failure makes the journal broken, and that is looked at before every call.
  static_cast<void>(journal_.append(audit::RunRecord{type, detail, fields}));
}

}  // namespace runagents::egress
