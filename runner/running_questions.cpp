// What people are asked while the agent runs: for approvals, and for consents.

#include "runner/egress/peer.hpp"
#include "runner/question.hpp"
#include "runner/running.hpp"

namespace runagents {
namespace {

egress::ApprovalMode mode_of(OnApproval on_approval) {
  switch (on_approval) {
    case OnApproval::give_back:
      return egress::ApprovalMode::give_back;
    case OnApproval::ask:
      return egress::ApprovalMode::ask;
    case OnApproval::deny:
      return egress::ApprovalMode::deny;
    case OnApproval::hold:
      break;
  }
  return egress::ApprovalMode::hold;
}

egress::ConsentMode mode_of(OnConsent on_consent) {
  if (on_consent == OnConsent::deny) return egress::ConsentMode::deny;
  return on_consent == OnConsent::give_back ? egress::ConsentMode::give_back : egress::ConsentMode::hold;
}

}  // namespace

egress::ApprovalOptions Running::approval_options() {
  egress::ApprovalOptions wanted;
  wanted.mode = mode_of(options_.on_approval);
  wanted.timeout = options_.approval_timeout;
  wanted.announce = [this](const model::ApprovalRequest& request) {
    if (options_.on_approval != OnApproval::ask) say(announcement(request));
  };
  wanted.ask = [this](const model::ApprovalRequest& request) {
    return ask_person(options_.question(request), agent_ ? agent_->agent_pid() : 0, options_.approval_timeout,
                      withdraw_question_fd_);
  };
  // A call that a person makes has no agent that could be frozen.
  wanted.freeze = [this] {
    if (agent_) agent_->freeze();
  };
  wanted.thaw = [this] {
    if (agent_) agent_->thaw();
  };
  return wanted;
}

void Running::wire_oauth2() {
  consent_desk_ = std::make_unique<egress::ConsentDesk>(
      loop_, run_id_, options_.project.agent.name,
      [this](const auto& local, const auto& remote) { return is_of_agent(local, remote); });
  oauth2_.reset(new egress::OAuth2Run{*consent_desk_, *recorder_, *pauses_, *sealer_, planes_.local, run_id_,
                                      mode_of(options_.on_consent), options_.consent_timeout,
                                      [this](const egress::ConsentNotice& notice) { say(announcement(notice)); }});
}

/// A fenced agent does not reach the machine's loopback. One without a fence does, and must not answer for a person.
bool Running::is_of_agent(const http::tcp::endpoint& local, const http::tcp::endpoint& remote) const {
  if (fencing_ || !agent_) return false;
  return egress::trace_peer(local, remote, agent_->supervisor_pid(), diagnostics_).has_value();
}

}  // namespace runagents
