#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/approval.hpp"
#include "core/model/model_usage.hpp"

namespace runagents::model {

enum class RunStatus { running, paused_approval, paused_consent, completed, failed, cancelled };
[[nodiscard]] std::string_view word(RunStatus status) noexcept;  ///< "RUNNING", ...
[[nodiscard]] std::optional<RunStatus> run_status_of(std::string_view word) noexcept;
/// COMPLETED, FAILED and CANCELLED are final.
[[nodiscard]] bool is_final(RunStatus status) noexcept;

/// One execution of an agent.
struct Run {
  std::string id;  ///< ULID
  std::string agent;
  std::vector<std::string> command;
  std::string end_user;
  std::string account;     ///< the agent account that its tools may use; empty: none
  std::string created_by;  ///< id of the user who started it; empty: the owner of the embedded store
  std::string isolation;   ///< "none" or "strict"
  bool observe = false;    ///< policy refused nothing
  std::string project_file;
  std::string journal;  ///< absolute path of the run's event journal
  std::int64_t runner_pid = 0;
  RunStatus status = RunStatus::running;
  bool cancel_requested = false;  ///< somebody wants the runner to end it
  std::string reason;             ///< why it failed, in words
  std::optional<int> exit_code;
  std::uint64_t calls = 0;         ///< indexed so far
  std::uint64_t refused = 0;       ///< of those
  std::uint64_t approved = 0;      ///< of those
  std::uint64_t observed = 0;      ///< of those: went out because the run observes
  std::vector<ModelUsage> models;  ///< what its calls of models came to
  std::uint64_t last_seq =
      0;  ///< up to this event the control plane has the record; 0 where it reads the journal itself
  Time created_at;
  Time updated_at;
  std::optional<Time> finished_at;
};

}  // namespace runagents::model
