#pragma once

#include <string>
#include <utility>

#include "runner/egress/call.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::gateway {

/// Budgets of a calendar month (UTC), for which the control plane counts what all runs of an agent spend. Of the
/// engine's thread.
class MonthlyBudgets {
 public:
  MonthlyBudgets(egress::PlaneWorker& plane, std::string run_id) : plane_{plane}, run_id_{std::move(run_id)} {}

  /// limits: reserves the estimate of the call, where there is such a budget. A control plane that cannot be asked is a
  /// refusal: nobody knows what is left.
  [[nodiscard]] http::Task<egress::Verdict> reserve(egress::Call& call);
  /// Puts what it cost in the place of what was reserved, once. Waits for nothing.
  void settle(egress::Call& call, model::PicoDollars actual);

 private:
  egress::PlaneWorker& plane_;
  std::string run_id_;
};

}  // namespace runagents::gateway
