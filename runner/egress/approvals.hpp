#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "core/model/approval.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/pauses.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/egress/recorder.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// What happens to a call that policy lets through only with a person's approval.
enum class ApprovalMode { hold, give_back, ask, deny };  ///< give_back is written "return"

/// A person's answer at the terminal.
struct Answer {
  bool approve = false;
  api::ApprovalDecision decision;
};

struct ApprovalOptions {
  ApprovalMode mode = ApprovalMode::hold;
  std::chrono::seconds timeout{std::chrono::minutes{10}};
  std::size_t max_body_bytes = 8 * 1024 * 1024;
  std::function<void(const model::ApprovalRequest&)> announce;  ///< tells the person; engine's thread
  /// Mode ask: puts the question on the terminal; empty: nobody answered. Blocks, on a thread of its own.
  std::function<std::optional<Answer>(const model::ApprovalRequest&)> ask;
  std::function<void()> freeze;  ///< mode ask: before the question; engine's thread, as is `thaw`
  std::function<void()> thaw;
};

/// approval: asks a person about calls, through the control plane, and waits as the mode says. A request that nobody
/// answers, or that cannot be asked, is a refusal. A server that is away for a while is waited for as long as a person
/// is, where calls are held; no call passes meanwhile that needs an approval. Of the engine's thread.
class Approvals {
 public:
  Approvals(http::asio::io_context& context, PlaneWorker& plane, Recorder& recorder, Pauses& pauses, std::string run_id,
            ApprovalOptions options);
  ~Approvals();

  [[nodiscard]] http::Task<Verdict> approve(Call& call, Exchange& exchange);

 private:
  struct Pending;

  http::Task<Verdict> seek(Call& call, Exchange& exchange, const model::ApprovalRequest& wanted);
  http::Task<Result<std::optional<model::ApprovalGrant>>> use_grant(const model::Action& action,
                                                                    std::string_view use_id);
  http::Task<Result<model::ApprovalRequest>> request(const model::ApprovalRequest& wanted);
  http::Task<Result<model::ApprovalRequest>> await_decision(const model::ApprovalRequest& asked, Exchange& exchange);
  http::Task<Result<model::ApprovalRequest>> ask(const model::ApprovalRequest& asked);
  http::Task<void> watch();
  http::Task<void> look(http::Timer& timer);
  void end(const std::string& id, Result<model::ApprovalRequest> state);
  http::Task<bool> wait_out(Error error, Exchange& exchange, Clock::time_point until);
  [[nodiscard]] bool is_outage(const Error& error) const noexcept;
  [[nodiscard]] std::unexpected<Refusal> no_answer(const Error& error) const;
  void announce(const model::ApprovalRequest& asked);
  void note_decision(const model::ApprovalRequest& decided);

  http::asio::io_context& context_;
  std::unique_ptr<Worker> terminal_;  ///< made for the first question
  PlaneWorker& plane_;
  Recorder& recorder_;
  Pauses& pauses_;
  std::string run_id_;
  ApprovalOptions options_;
  std::map<std::string, std::shared_ptr<Pending>> pending_;  ///< by id of the request
  std::string watched_;                                      ///< the last one of those that were looked at
  bool is_watching_ = false;
  std::optional<Error> outage_;  ///< why the last look found nothing out
  std::set<std::string> announced_;
  std::set<std::string> noted_;
  http::Timer terminal_free_;
  bool terminal_busy_ = false;
};

}  // namespace runagents::egress
