#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "cli/completion/completion.hpp"
#include "cli/context.hpp"

namespace runagents::cli {

/// What a server may take to answer, and everything else with it.
inline constexpr std::chrono::milliseconds patience_for_names{300};

/// Names of objects, from where the commands on this line would find them: the project file, the store of this machine,
/// or a server. Silent and without a trace: nothing is created, changed, renewed or started, nobody is asked, and of
/// whatever does not work there are no names. Blocks, also for longer than `patience_for_names`.
[[nodiscard]] std::vector<Candidate> live_names(const NamesWanted& wanted, const Context& context);

/// The same within `patience_for_names`; nothing when it is over. Then a thread goes on with `context`: the process has
/// to end before that does.
[[nodiscard]] std::optional<std::vector<Candidate>> live_names_in_time(const NamesWanted& wanted,
                                                                       const Context& context);

}  // namespace runagents::cli
