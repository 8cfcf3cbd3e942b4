#pragma once

#include <string>

#include "core/model/approval.hpp"

namespace runagents::cli::live {

/// "12 s", "3 min", "5 h", "4 d": how long ago.
[[nodiscard]] std::string short_age(model::Time time, model::Time now);

/// "0:07", "9:48", "2:03:10", "4 d": how long until then; "0:00" when it is over.
[[nodiscard]] std::string short_left(model::Time time, model::Time now);

}  // namespace runagents::cli::live
