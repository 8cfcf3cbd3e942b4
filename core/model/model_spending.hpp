#pragma once

#include <optional>
#include <string>

#include "core/model/tool.hpp"

namespace runagents::model {

/// A change to what models have cost an agent in a month. One with budgets is refused when it would pass one of them.
struct ModelCharge {
  std::string provider;
  std::string month;        ///< of UTC: "2026-03"
  PicoDollars reserve = 0;  ///< to be added
  PicoDollars release = 0;  ///< reserved before, and to be taken back
  std::optional<PicoDollars> provider_budget;
  std::optional<PicoDollars> agent_budget;  ///< over all providers
};

/// What stands there after the change, or as before where it was refused.
struct ModelSpending {
  bool accepted = false;
  PicoDollars of_provider = 0;
  PicoDollars of_agent = 0;
};

}  // namespace runagents::model
