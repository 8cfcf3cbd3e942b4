#pragma once

#include <deque>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/audit/journal.hpp"
#include "server/embedded.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::tests {

/// A command's surroundings without a process: streams in memory, a clock that stands still, a store of its own.
struct CommandFixture {
  TemporaryDirectory directory;
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  cli::Terminal terminal{.in = in, .out = out, .err = err};
  std::map<std::string, std::string, std::less<>> variables;
  std::vector<std::int64_t> parents;
  model::Time time = model::now();
  std::deque<std::function<void()>> pauses;  ///< what happens while a command waits; it stops when there is no more
  std::map<std::string, audit::Journal> journals;  ///< held: the control plane closes a run whose runner is gone
  std::unique_ptr<api::Transport> transport;
  std::unique_ptr<api::ControlPlane> plane_client;
  cli::Connection connection;

  cli::Context context{
      .terminal = terminal,
      .output = {},
      .now = [this] { return time; },
      .environment =
          [this](std::string_view name) {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional{found->second};
          },
      .working_directory = directory.path(),
      .program = {},
      .directories = []() -> Result<config::Directories> { return fail(ErrorCode::internal, "not in this test"); },
      .connection = [this]() -> Result<const cli::Connection*> { return &connection; },
      .control_plane = [this]() -> Result<api::ControlPlane*> { return &plane(); },
      .transport = [this]() -> Result<api::Transport*> {
        plane();
        return transport.get();
      },
      .anonymous_transport = [this]() -> Result<api::Transport*> {
        plane();
        return transport.get();
      },
      .local_control_plane = [this]() -> Result<api::ControlPlane*> { return &plane(); },
      .pause =
          [this](std::chrono::milliseconds) {
            if (pauses.empty()) return false;
            const auto next = std::move(pauses.front());
            pauses.pop_front();
            next();
            return true;
          },
      .ancestors = [this] { return parents; },
      .journal_is_held = [](const std::filesystem::path&) { return true; },
  };

  api::ControlPlane& plane() {
    if (!plane_client) {
      transport = std::move(server::open_embedded(directory / "data").value());
      plane_client = std::make_unique<api::ControlPlane>(*transport);
    }
    return *plane_client;
  }

  void write(const std::string& name, const std::string& text) { std::ofstream{directory / name} << text; }

  model::Run start_run(const std::string& id, std::int64_t runner_pid = 1) {
    model::Run run;
    run.id = id;
    run.agent = "billing-agent";
    run.command = {"python3", "agent.py"};
    run.isolation = "none";
    run.runner_pid = runner_pid;
    run.journal = (directory / (id + ".jsonl")).string();
    run.created_at = run.updated_at = time;
    journals.emplace(id, audit::Journal::create(run.journal, run.id, run.agent).value());
    return plane().create_run(run).value();
  }

  model::ApprovalRequest ask(const std::string& run_id, const std::string& url) {
    model::ApprovalRequest request;
    request.run_id = run_id;
    request.action = {.agent = "billing-agent",
                      .tool = "stripe",
                      .capability = "refunds.create",
                      .method = "POST",
                      .url = url,
                      .end_user = "ada@example.com",
                      .body_sha256 = std::string(64, 'a')};
    request.policy = "payments";
    request.rule = 2;
    request.body_preview = "{\"amount\":5}";
    request.body_bytes = 12;
    request.content_type = "application/json";
    request.expires_at = time + std::chrono::minutes{10};
    return plane().request_approval(request).value();
  }

  /// What was printed since the last call.
  std::string printed() {
    auto text = out.str();
    out.str({});
    return text;
  }
};

}  // namespace runagents::tests
