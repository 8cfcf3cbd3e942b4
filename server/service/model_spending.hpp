#pragma once

#include <string>

#include "core/error.hpp"
#include "core/model/model_spending.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// What models have cost the agents of each user, by month. The run's runner says it: an estimate before a call, whose
/// correction afterwards is a change of its own. A runner that dies in between leaves the estimate.
class ModelSpendings {
 public:
  explicit ModelSpendings(store::Database& database) : database_{database} {}

  /// Of the agent of this run, and of whoever started it. Over all processes and replicas, changes come one after the
  /// other, so that calls that race for the last of a budget do not all get it.
  [[nodiscard]] Result<model::ModelSpending> change(const Principal& principal, const std::string& run_id,
                                                    const model::ModelCharge& charge);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
