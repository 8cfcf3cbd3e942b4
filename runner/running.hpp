#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "core/api/control_plane.hpp"
#include "core/audit/journal.hpp"
#include "core/auth/sealer.hpp"
#include "core/http/async.hpp"
#include "core/http/certificate_authority.hpp"
#include "core/http/ticker.hpp"
#include "core/http/tls_server.hpp"
#include "runner/builtin/server.hpp"
#include "runner/egress/agent_token_source.hpp"
#include "runner/egress/approvals.hpp"
#include "runner/egress/consent_desk.hpp"
#include "runner/egress/credentials.hpp"
#include "runner/egress/doors.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/egress/oauth2_source.hpp"
#include "runner/egress/pauses.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/egress/recorder.hpp"
#include "runner/egress/resolver.hpp"
#include "runner/egress/unregistered_hosts.hpp"
#include "runner/egress/upstream.hpp"
#include "runner/egress/worker.hpp"
#include "runner/entering.hpp"
#include "runner/fencing.hpp"
#include "runner/gateway/monthly_budgets.hpp"
#include "runner/launch/agent_process.hpp"
#include "runner/launch/environment.hpp"
#include "runner/launch/signals.hpp"
#include "runner/loop.hpp"
#include "runner/remote_run.hpp"
#include "runner/replay/playback.hpp"
#include "runner/replay/tape.hpp"
#include "runner/run.hpp"
#include "runner/summary.hpp"
#include "runner/tool_call.hpp"

namespace runagents {

/// The runner's own environment.
[[nodiscard]] std::map<std::string, std::string> inherited_environment();

/// What the command line says of the agent's environment.
[[nodiscard]] launch::EnvironmentOptions environment_options(const RunOptions& options);

/// One run from preparation to its end: owns every part and wires them together. Used by the main thread; blocking work
/// has a thread of its own, which exists from the agent's start to the run's end.
class Running {
 public:
  /// Checks everything, records the run and opens the doors. No process has been started when this fails.
  [[nodiscard]] static Result<std::unique_ptr<Running>> prepare(const RunOptions& options, const RunPlanes& planes);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  /// Starts the agent; a failure closes the run's record.
  [[nodiscard]] std::optional<launch::LaunchFailure> start();
  /// Serves until the agent has ended, and closes the run's record.
  [[nodiscard]] Summary serve();

  /// Where calls were kept; null: nowhere.
  [[nodiscard]] const replay::Tape* tape() const noexcept { return tape_ ? &*tape_ : nullptr; }
  /// What answered the calls; null: tools did.
  [[nodiscard]] const replay::Playback* playback() const noexcept { return playback_ ? &*playback_ : nullptr; }

  /// Instead of `start` and `serve`: takes a call and those that follow it through the pipeline, as if this process
  /// were the agent, and closes the run's record.
  [[nodiscard]] Result<ToolAnswer> call_all(ToolCall call, const NextCall& next);

 private:
  Running(const RunOptions& options, const RunPlanes& planes);

  [[nodiscard]] Result<ToolAnswer> call_once(const ToolCall& call);

  Result<void> open_record();
  Result<void> open_recording();
  Result<void> open_agent_tokens();
  Result<void> make_known();
  Result<void> open_doors();
  Result<void> open_own_doors();
  Result<void> plan_fence();
  Result<void> open_way_in();
  void open_fence();
  Result<void> build_environment();
  std::shared_ptr<const egress::Snapshot> make_snapshot();
  egress::ApprovalOptions approval_options();
  void wire();
  void start_workers();
  void join_workers();
  void wire_oauth2();
  bool is_of_agent(const http::tcp::endpoint& local, const http::tcp::endpoint& remote) const;
  void watch(int descriptor, std::function<bool()> handler);
  bool handle_signals();
  void stop_agent(int signal_number);
  http::Task<void> keep_time();
  http::Task<void> keep_in_touch();
  void drain();
  void close_record(api::RunChange change);
  api::RunCounts counts() const;
  api::RunChange outcome(const launch::ExitStatus& exit) const;
  void say(const std::string& text) const;

  const RunOptions& options_;
  std::string run_id_;
  std::string journal_file_;
  std::chrono::steady_clock::time_point started_;
  Loop loop_;
  http::Ticker ticker_;
  RunPlanes planes_;
  std::unique_ptr<api::Transport> transport_;  ///< to the store of this machine
  std::optional<api::ControlPlane> plane_;     ///< the same
  std::optional<audit::Journal> journal_;
  std::optional<replay::Tape> tape_;
  std::optional<replay::Playback> playback_;
  std::optional<launch::Signals> signals_;
  launch::Environment environment_;
  launch::DoorUrls door_urls_;
  std::unique_ptr<egress::Limiter> limiter_;
  std::unique_ptr<egress::UnregisteredHosts> unregistered_;  ///< null: the run does not observe
  std::shared_ptr<const egress::Snapshot> snapshot_;
  std::unique_ptr<egress::Upstreams> upstreams_;
  std::unique_ptr<builtin::Server> builtin_;
  std::unique_ptr<egress::Doors> doors_;
  std::optional<rlimit> agent_descriptors_;
  std::optional<Fencing> fencing_;
  std::unique_ptr<Entering> entering_;  ///< null: there is no way in
  egress::SecretsAhead secrets_ahead_;
  std::shared_ptr<const auth::AwsSettings> aws_;
  std::optional<http::CertificateAuthority> authority_;
  std::unique_ptr<http::TlsServer> tls_;
  std::unique_ptr<egress::Resolver> resolver_;
  int diagnostics_ = -1;
  std::optional<launch::AgentProcess> agent_;
  std::unique_ptr<egress::Recorder> recorder_;
  std::unique_ptr<egress::Worker> worker_;  ///< exists only after the agent has been forked
  std::optional<egress::PlaneWorker> local_asking_;
  egress::PlaneWorker* asking_ = nullptr;  ///< where approvals are asked for: here, or at the server
  std::unique_ptr<egress::Pauses> pauses_;
  std::unique_ptr<egress::Secrets> secrets_;
  std::optional<auth::Sealer> sealer_;  ///< where a tool needs OAuth 2 or a token of an agent account
  std::optional<egress::AgentTokenRun> agent_tokens_;
  std::unique_ptr<egress::ConsentDesk> consent_desk_;
  std::unique_ptr<egress::OAuth2Run> oauth2_;  ///< null, as the desk is: no tool needs OAuth 2
  std::unique_ptr<egress::Credentials> credentials_;
  std::unique_ptr<egress::Approvals> approvals_;
  std::unique_ptr<gateway::MonthlyBudgets> monthly_budgets_;
  std::unique_ptr<egress::Engine> engine_;
  int withdraw_question_fd_ = -1;
  bool cancelled_ = false;
  bool signalled_ = false;
  bool ended_ = false;
  std::chrono::steady_clock::time_point kill_at_ = std::chrono::steady_clock::time_point::max();
  std::unique_ptr<RemoteRun>
      remote_;  ///< null: there is no server. Goes first: what its threads hold refers to the rest
};

}  // namespace runagents
