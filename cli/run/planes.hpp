#pragma once

#include <vector>

#include "cli/context.hpp"
#include "core/model/project.hpp"
#include "core/model/secret_reference.hpp"
#include "runner/run.hpp"

namespace runagents::cli {

/// The control planes of a run in this context. The context's credential and the agent account's secret are read before
/// the agent starts: it might change what a reference leads to. A login is renewed while the run goes on.
[[nodiscard]] Result<RunPlanes> run_planes(const RunOptions& options, Context& context);

/// The references that lead to the credentials of a run's server, to be kept from the agent.
[[nodiscard]] Result<std::vector<model::SecretReference>> own_secrets(const Context& context);

/// Brings to the context's server what runs of this machine have left undelivered. Failures change nothing: the next
/// command tries again.
void deliver_left_runs(Context& context);

}  // namespace runagents::cli
