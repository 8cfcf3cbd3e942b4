#pragma once

#include <soci/soci.h>
#include <string>

#include "core/model/run.hpp"
#include "core/store/statement.hpp"

namespace runagents::server {

/// The members of a run as columns, bound to a statement. For .cpp files.
struct RunRow {
  static constexpr const char* columns =
      "id, agent, command, end_user, isolation, project_file, journal, runner_pid, status, cancel_requested, reason, "
      "exit_code, calls, refused, approved, created_at, updated_at, finished_at, account, created_by, last_seq, "
      "models, observe, observed";

  void bind(store::Statement& query);
  [[nodiscard]] model::Run run() const;

  std::string id, agent, command, end_user, isolation, project_file, journal, status, reason, account, created_by,
      models;
  long long runner_pid = 0, calls = 0, refused = 0, approved = 0, created_at = 0, updated_at = 0, finished_at = 0,
            last_seq = 0, observed = 0;
  int cancel_requested = 0, exit_code = 0, observe = 0;
  soci::indicator has_exit_code = soci::i_null, has_finished_at = soci::i_null;
};

}  // namespace runagents::server
