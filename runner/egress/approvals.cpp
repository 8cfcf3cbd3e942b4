#include "runner/egress/approvals.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <openssl/evp.h>
#include <utility>

#include "core/audit/masking.hpp"
#include "runner/egress/fields.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using model::ApprovalRequest;
using model::ApprovalStatus;
using Requested = Result<ApprovalRequest>;
using Granted = Result<std::optional<model::ApprovalGrant>>;

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) out.append({hex[digest.at(i) >> 4], hex[digest.at(i) & 15]});
  return out;
}

std::string_view content_type(const Call& call) {
  for (const auto& field : call.head->fields) {
    if (same_field(field.name, "content-type")) return field.value;
  }
  return {};
}

/// What the person is asked, and by what an approval is found again.
ApprovalRequest describe(const Call& call, const std::string& run_id, std::chrono::seconds timeout) {
  ApprovalRequest request;
  request.run_id = run_id;
  request.action.agent = call.snapshot->agent;
  request.action.tool = call.tool->name;
  if (call.capability != nullptr) request.action.capability = call.capability->name;
  request.action.method = call.method();
  request.action.url = call.url();
  request.action.end_user = call.end_user;
  request.action.body_sha256 = sha256_hex(call.mcp ? call.mcp->action() : *call.held_body);
  request.policy = call.decision.policy->name;
  request.rule = call.decision.rule;
  request.content_type = content_type(call);
  request.body_bytes = call.held_body->size();
  request.body_preview = audit::preview_body(call.mcp ? call.mcp->readable() : *call.held_body, request.content_type);
  if (call.mcp) {
    request.action.method = call.mcp->current()->method;
    request.action.capability = call.operation().method;
  }
  if (call.inference) request.action.method = request.action.capability = call.operation().method;
  const auto* rule = call.snapshot->evaluator.approval_rule(call.operation(), call.capability);
  if (rule != nullptr) {
    request.approver_groups = rule->approver_groups;
    request.default_duration = rule->default_duration;
  }
  request.expires_at = model::now() + timeout;
  return request;
}

std::string what(const ApprovalRequest& request) {
  const auto& action = request.action;
  // A call of an MCP tool is nothing without the tool's name.
  const auto name = action.method == "tools/call" ? " " + action.capability : std::string{};
  return action.method + name + " " + action.url;
}

std::unexpected<Refusal> refuse_about(model::RefusalCode code, const ApprovalRequest& request, std::string message,
                                      std::string hint = {}) {
  auto refusal = refuse(code, std::move(message), std::move(hint));
  refusal.error().approval_id = request.id;
  if (code == approval_required) refusal.error().expires_at = model::to_iso8601(request.expires_at);
  return refusal;
}

std::unexpected<Refusal> rejected(const ApprovalRequest& request) {
  std::string by = request.approver.empty() ? "" : " by " + request.approver;
  std::string why = request.reason.empty() ? "" : ": " + request.reason;
  return refuse_about(approval_rejected, request, what(request) + " was rejected" + by + why,
                      "do something else; the same call will be refused again in this run");
}

/// Whether this is the first time. An agent that asks for ever must not fill memory: beyond that many it may be told
/// again, which harms nobody.
bool is_new(std::set<std::string>& known, const std::string& id) {
  constexpr std::size_t max_known = 1000;
  if (known.size() >= max_known) known.clear();
  return known.insert(id).second;
}

}  // namespace

Approvals::Approvals(http::asio::io_context& context, PlaneWorker& plane, Recorder& recorder, Pauses& pauses,
                     std::string run_id, ApprovalOptions options)
    : context_{context},
      plane_{plane},
      recorder_{recorder},
      pauses_{pauses},
      run_id_{std::move(run_id)},
      options_{std::move(options)},
      terminal_free_{context} {}

Approvals::~Approvals() = default;

http::Task<Verdict> Approvals::approve(Call& call, Exchange& exchange) {
  if (!call.held_body) {
    auto body = co_await exchange.read_whole_body(options_.max_body_bytes);
    call.held_body = std::move(body);
  }
  if (!call.held_body) {
    co_return refuse(body_too_large, "a body that waits for approval is kept whole, up to " +
                                         std::to_string(options_.max_body_bytes) +
                                         " bytes, and this one did not arrive whole");
  }
  const auto from = Clock::now();
  const auto wanted = describe(call, run_id_, options_.timeout);
  auto verdict = co_await seek(call, exchange, wanted);
  call.waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from);
  co_return verdict;
}

http::Task<Verdict> Approvals::seek(Call& call, Exchange& exchange, const ApprovalRequest& wanted) {
  const auto until = Clock::now() + options_.timeout;
  for (;;) {
    const auto grant = co_await use_grant(wanted.action, call.request_id);
    if (!grant) {
      const bool is_back = co_await wait_out(grant.error(), exchange, until);
      if (is_back) continue;
      co_return no_answer(grant.error());
    }
    if (*grant) {
      call.approved = true;
      call.approval_id = (*grant)->request_id;
      co_return pass();
    }
    if (options_.mode == ApprovalMode::deny) {
      co_return refuse(approval_required, what(wanted) + " needs an approval, and this run asks for none",
                       "it was started with --on-approval=deny");
    }
    auto asked = co_await request(wanted);
    if (!asked) {
      const bool is_back = co_await wait_out(asked.error(), exchange, until);
      if (is_back) continue;
      co_return no_answer(asked.error());
    }
    call.approval_id = asked->id;
    if (asked->status == ApprovalStatus::rejected) co_return rejected(*asked);
    announce(*asked);
    if (options_.mode == ApprovalMode::give_back) {
      co_return refuse_about(approval_required, *asked, what(*asked) + " needs an approval",
                             "retry the same call when it has been approved: runagents approvals approve " + asked->id);
    }
    const bool at_terminal = options_.mode == ApprovalMode::ask;
    // Awaited in statements of their own.
    Requested decided;
    if (at_terminal) {
      decided = co_await ask(*asked);
    } else {
      decided = co_await await_decision(*asked, exchange);
    }
    if (!decided) co_return no_answer(decided.error());
    note_decision(*decided);
    if (decided->status == ApprovalStatus::rejected) co_return rejected(*decided);
    if (decided->status == ApprovalStatus::expired) {
      co_return refuse_about(approval_expired, *decided, "nobody decided on " + what(*decided) + " in time");
    }
    if (decided->status == ApprovalStatus::pending) {
      co_return refuse_about(approval_required, *decided, what(*decided) + " was not decided upon");
    }
    // Approved; but a grant for one time may have gone to another call that waited for the same.
  }
}

bool Approvals::is_outage(const Error& error) const noexcept {
  return plane_.is_remote() && error.code == ErrorCode::unavailable;
}

std::unexpected<Refusal> Approvals::no_answer(const Error& error) const {
  const auto hint = is_outage(error) ? "calls that need no approval go on; try this one again later" : error.hint;
  return refuse(plane_.is_remote() ? control_plane_unavailable : internal,
                "the approval could not be asked for: " + error.message, hint);
}

http::Task<Granted> Approvals::use_grant(const model::Action& action, std::string_view use_id) {
  std::function<Granted(api::ControlPlane&)> work = [run = run_id_, action, id = std::string{use_id}](auto& plane) {
    return plane.use_grant(action, run, id);
  };
  co_return co_await plane_.ask(std::move(work));
}

http::Task<Requested> Approvals::request(const ApprovalRequest& wanted) {
  auto fresh = wanted;
  fresh.expires_at = model::now() + options_.timeout;
  std::function<Requested(api::ControlPlane&)> work = [fresh](auto& plane) { return plane.request_approval(fresh); };
  co_return co_await plane_.ask(std::move(work));
}

void Approvals::announce(const ApprovalRequest& asked) {
  if (!is_new(announced_, asked.id)) return;
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"approval_id", asked.id}, {"tool", asked.action.tool}, {"capability", asked.action.capability}}};
  recorder_.note("APPROVAL_REQUIRED", asked.action.method + " at the tool " + asked.action.tool, fields);
  if (options_.announce) options_.announce(asked);
}

void Approvals::note_decision(const ApprovalRequest& decided) {
  if (decided.status == ApprovalStatus::pending || !is_new(noted_, decided.id)) return;
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"approval_id", decided.id},
       {"approver", decided.approver},
       {"scope", decided.scope ? word(*decided.scope) : std::string_view{}}}};
  recorder_.note(word(decided.status), decided.reason, fields);
}

}  // namespace runagents::egress
