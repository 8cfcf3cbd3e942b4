#include "runner/egress/approvals.hpp"

#include <array>
#include <openssl/evp.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

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

constexpr std::chrono::milliseconds poll_period{200};

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

std::unexpected<Refusal> no_answer(const Error& error) {
  return refuse(internal, "the approval could not be asked for: " + error.message, error.hint);
}

std::unexpected<Refusal> rejected(const ApprovalRequest& request) {
  std::string by = request.approver.empty() ? "" : " by " + request.approver;
  std::string why = request.reason.empty() ? "" : ": " + request.reason;
  return refuse_about(approval_rejected, request, what(request) + " was rejected" + by + why,
                      "do something else; the same call will be refused again in this run");
}

}  // namespace

/// One request that calls are waiting for; they share one poll.
struct Approvals::Pending {
  Requested state;
  std::set<http::Timer*> waiting;
  bool over = false;
};

Approvals::Approvals(http::asio::io_context& context, Worker& worker, api::ControlPlane& plane, Recorder& recorder,
                     Pauses& pauses, std::string run_id, ApprovalOptions options)
    : context_{context},
      worker_{worker},
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
  for (;;) {
    const auto grant = co_await use_grant(wanted.action);
    if (!grant) co_return no_answer(grant.error());
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
    if (!asked) co_return no_answer(asked.error());
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

http::Task<Granted> Approvals::use_grant(const model::Action& action) {
  co_return co_await offload<Granted>(worker_, [this, action] { return plane_.use_grant(action, run_id_); });
}

http::Task<Requested> Approvals::request(const ApprovalRequest& wanted) {
  auto fresh = wanted;
  fresh.expires_at = model::now() + options_.timeout;
  co_return co_await offload<Requested>(worker_, [this, fresh] { return plane_.request_approval(fresh); });
}

http::Task<Requested> Approvals::await_decision(const ApprovalRequest& asked, Exchange& exchange) {
  auto& slot = pending_[asked.id];
  const bool first = !slot || slot->over;
  if (first) slot = std::make_shared<Pending>(Pending{asked, {}, false});
  const auto pending = slot;
  // Another run may have asked before, with a time limit of its own; this run waits as long as it was told to.
  const auto deadline = Clock::now() + options_.timeout + 2 * poll_period;
  http::Timer woken{context_, deadline};
  pending->waiting.insert(&woken);
  if (first) http::asio::co_spawn(context_, poll(pending), http::asio::detached);
  bool gone = false;
  exchange.on_gone = [&woken, &gone] {
    gone = true;
    woken.cancel();
  };
  pauses_.begin(model::RunStatus::paused_approval);
  while (!pending->over && !gone && Clock::now() < deadline) {
    static_cast<void>(co_await woken.async_wait(http::by_value));
  }
  exchange.on_gone = nullptr;
  pending->waiting.erase(&woken);
  pauses_.end(model::RunStatus::paused_approval);
  auto state = pending->state;
  if (!pending->over && !gone && state) state->status = ApprovalStatus::expired;
  co_return state;
}

/// Looks at a request until it is decided or nobody waits any more.
http::Task<void> Approvals::poll(std::shared_ptr<Pending> pending) {
  const auto id = pending->state->id;
  http::Timer timer{context_};
  while (!pending->waiting.empty() && pending->state && pending->state->status == ApprovalStatus::pending) {
    timer.expires_after(poll_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    pending->state = co_await offload<Requested>(worker_, [this, id] { return plane_.get_approval(id); });
  }
  pending->over = true;
  for (auto* one : pending->waiting) one->cancel();
}

http::Task<Requested> Approvals::ask(const ApprovalRequest& asked) {
  while (terminal_busy_) {
    terminal_free_.expires_at(http::Timer::time_point::max());
    static_cast<void>(co_await terminal_free_.async_wait(http::by_value));
  }
  const auto id = asked.id;
  // Somebody may have decided while another question stood on the terminal.
  auto current = co_await offload<Requested>(worker_, [this, id] { return plane_.get_approval(id); });
  if (!current || current->status != ApprovalStatus::pending) co_return current;
  terminal_busy_ = true;
  if (!terminal_) terminal_ = std::make_unique<Worker>(1);
  pauses_.begin(model::RunStatus::paused_approval);
  options_.freeze();
  const auto answer =
      co_await offload<std::optional<Answer>>(*terminal_, [this, current] { return options_.ask(*current); });
  options_.thaw();
  pauses_.end(model::RunStatus::paused_approval);
  terminal_busy_ = false;
  terminal_free_.cancel();
  co_return co_await offload<Requested>(worker_, [this, id, answer]() -> Requested {
    if (!answer) return plane_.expire(id);
    if (!answer->approve) return plane_.reject(id, answer->decision.approver, answer->decision.reason);
    return plane_.approve(id, answer->decision);
  });
}

void Approvals::announce(const ApprovalRequest& asked) {
  if (!announced_.insert(asked.id).second) return;
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"approval_id", asked.id}, {"tool", asked.action.tool}, {"capability", asked.action.capability}}};
  recorder_.note("APPROVAL_REQUIRED", asked.action.method + " at the tool " + asked.action.tool, fields);
  if (options_.announce) options_.announce(asked);
}

void Approvals::note_decision(const ApprovalRequest& decided) {
  if (decided.status == ApprovalStatus::pending || !noted_.insert(decided.id).second) return;
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"approval_id", decided.id},
       {"approver", decided.approver},
       {"scope", decided.scope ? word(*decided.scope) : std::string_view{}}}};
  recorder_.note(word(decided.status), decided.reason, fields);
}

}  // namespace runagents::egress
