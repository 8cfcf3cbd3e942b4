#include "runner/running.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <poll.h>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/config/directories.hpp"
#include "runner/egress/aws_credential.hpp"
#include "runner/egress/peer.hpp"
#include "runner/egress/request_id.hpp"
#include "runner/preflight.hpp"

namespace runagents {
namespace {

using std::chrono::steady_clock;

std::string new_run_id() {
  std::string id;
  egress::RequestIds{}.next(id);
  return id;
}

bool uses_oauth2(const model::Tool* tool) { return tool->auth.type == model::AuthType::oauth2; }
bool uses_agent_token(const model::Tool* tool) { return tool->auth.type == model::AuthType::agent_token; }

/// Every connection of the agent takes one here and most take another one to the tool: as many as may be. What the
/// limit was is the agent's.
std::optional<rlimit> raise_descriptor_limit() {
  rlimit before{};
  if (::getrlimit(RLIMIT_NOFILE, &before) != 0 || before.rlim_cur >= before.rlim_max) return std::nullopt;
  const rlimit raised{before.rlim_max, before.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) return std::nullopt;
  return before;
}

/// A terminal that is held, or a pipe that nobody reads, must not hold up the calls: what it does not take is left out;
/// the record has it.
void write_unless_blocked(int fd, std::string_view text) {
  while (!text.empty()) {
    pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
    // Of a pipe that is ready, so many bytes are taken at once (pipe(7)).
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
    const auto written = ::write(fd, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

Running::Running(const RunOptions& options, const RunPlanes& planes)
    : options_{options},
      run_id_{new_run_id()},
      started_{steady_clock::now()},
      ticker_{loop_},
      planes_{planes},
      withdraw_question_fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}

Running::~Running() {
  // The worker's last results come back to the loop, and what waits there refers to the parts below it.
  join_workers();
  if (entering_ && entering_->ingress) entering_->ingress->join();
  loop_.abandon();
  for (const int descriptor : {withdraw_question_fd_, diagnostics_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

Result<std::unique_ptr<Running>> Running::prepare(const RunOptions& options, const RunPlanes& planes) {
  if (auto supported = check_supported(options.project, options.replay.has_value()); !supported)
    return std::unexpected(supported.error());
  if (auto user = check_end_user(options.end_user); !user) return std::unexpected(user.error());
  // A peer that closes is an error of its connection, also where TLS writes by itself; a file that may not grow is an
  // error of the journal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::unique_ptr<Running> running{new Running{options, planes}};
  running->agent_descriptors_ = raise_descriptor_limit();
  if (options.ingress) {
    if (auto access = ingress::check_access(options.project); !access) return std::unexpected(access.error());
    running->entering_ = std::make_unique<Entering>();
  }
  running->snapshot_ = running->make_snapshot();
  auto signals = launch::Signals::open();
  if (!signals) return std::unexpected(signals.error());
  running->signals_.emplace(std::move(*signals));
  if (auto doors = running->open_doors(); !doors) return std::unexpected(doors.error());
  if (auto environment = running->build_environment(); !environment) return std::unexpected(environment.error());
  if (auto record = running->open_record(); !record) return std::unexpected(record.error());
  return running;
}

std::shared_ptr<const egress::Snapshot> Running::make_snapshot() {
  egress::Snapshot snapshot{policy::Evaluator{options_.project},
                            run_id_,
                            options_.project.agent.name,
                            options_.project.agent_identity(),
                            options_.end_user,
                            nullptr,
                            {}};
  snapshot.names = egress::Names{snapshot.evaluator.tools()};
  if (entering_) snapshot.inbound = &entering_->requests;
  limiter_ = std::make_unique<egress::Limiter>(options_.project.agent.limits, snapshot.evaluator.upstreams());
  snapshot.limiter = limiter_.get();
  if (options_.observe) unregistered_ = std::make_unique<egress::UnregisteredHosts>();
  snapshot.unregistered = unregistered_.get();
  return std::make_shared<const egress::Snapshot>(std::move(snapshot));
}

Result<void> Running::open_doors() {
  upstreams_ = std::make_unique<egress::Upstreams>(loop_, ticker_);
  doors_ = std::make_unique<egress::Doors>(loop_);
  for (const auto* upstream : snapshot_->evaluator.upstreams()) {
    if (upstream->base_url.scheme != "builtin" || builtin_) continue;
    auto server = builtin::Server::start(loop_);
    if (!server) return std::unexpected(server.error());
    builtin_ = std::move(*server);
    upstreams_->set_builtin(builtin_->endpoint());
  }
  if (auto way_in = open_way_in(); !way_in) return way_in;
  return options_.isolation == Isolation::strict ? plan_fence() : open_own_doors();
}

Result<void> Running::open_way_in() {
  if (!entering_) return {};
  auto opened = open_ingress(*entering_, options_, snapshot_->evaluator, loop_, ticker_, *doors_,
                             [this](int count) { agent_->order_sockets(count); });
  if (!opened) return opened;
  entering_->ingress->attach(*upstreams_);
  door_urls_.agent_port = std::to_string(entering_->port);
  return {};
}

/// Without a fence the doors are on this machine's loopback.
Result<void> Running::open_own_doors() {
  for (const auto* tool : snapshot_->evaluator.tools()) {
    auto authority = doors_->listen(egress::Door::alias, tool);
    if (!authority) return std::unexpected(authority.error());
    door_urls_.add(*tool, *authority);
  }
  auto authority = doors_->listen(egress::Door::forward, nullptr);
  if (!authority) return std::unexpected(authority.error());
  door_urls_.forward_proxy = "http://" + *authority;
  if (options_.project.providers.empty()) return {};
  auto gateway = doors_->listen(egress::Door::gateway, nullptr);
  if (!gateway) return std::unexpected(gateway.error());
  door_urls_.gateway = "http://" + *gateway;
  return {};
}

Result<void> Running::plan_fence() {
  if (::access(fence::inside_mark, F_OK) == 0) {
    return fail(ErrorCode::configuration,
                "this is inside the fence of another run, and a fence cannot hold another one",
                "--isolation=none runs the agent inside the fence that is there");
  }
  auto authority = http::CertificateAuthority::create("runagents run " + run_id_);
  if (!authority) return std::unexpected(authority.error());
  authority_.emplace(std::move(*authority));
  tls_ = std::make_unique<http::TlsServer>(*authority_);
  fencing_ = plan_doors(*snapshot_);
  for (const auto& door : fencing_->doors) {
    if (door.door == egress::Door::alias) door_urls_.add(*door.tool, door.authority);
    if (door.door == egress::Door::forward) door_urls_.forward_proxy = "http://" + door.authority;
    if (door.door == egress::Door::gateway) door_urls_.gateway = "http://" + door.authority;
  }
  return plan_view(*fencing_, options_, *authority_, door_urls_);
}

/// Takes over what the fence has opened inside.
void Running::open_fence() {
  auto sockets = agent_->take_sockets();
  const auto& planned = fencing_->doors;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    doors_->adopt(sockets.at(i), planned[i].door, planned[i].tool, planned[i].authority);
  }
  resolver_ = std::make_unique<egress::Resolver>(loop_, sockets.at(planned.size()), sockets.at(planned.size() + 1));
  diagnostics_ = sockets.at(planned.size() + 2);
  fencing_->plan = {};  // the fence stands, and its files are large
}

Result<void> Running::build_environment() {
  auto environment = launch::build_environment(inherited_environment(), options_.project, door_urls_, run_id_,
                                               environment_options(options_));
  if (!environment) return std::unexpected(environment.error());
  environment_ = std::move(*environment);
  if (options_.verbose && !environment_.removed.empty()) {
    std::string names;
    for (const auto& name : environment_.removed) names += " " + name;
    say("runagents: removed from the agent's environment:" + names + "\n");
  }
  return {};
}

Result<void> Running::open_record() {
  const auto directory = options_.directories.data / "runs";
  if (auto made = config::make_private_directory(directory); !made) return made;
  journal_file_ = directory / (run_id_ + ".jsonl");
  const auto sync = options_.project.audit.fsync ? audit::Journal::Sync::every_event : audit::Journal::Sync::none;
  // The journal first: a run whose journal nobody holds counts as lost.
  auto journal = audit::Journal::create(journal_file_, run_id_, options_.project.agent.name, sync);
  if (!journal) return std::unexpected(journal.error());
  journal_.emplace(std::move(*journal));
  if (auto recording = open_recording(); !recording) return recording;
  auto transport = planes_.local();
  if (!transport) return std::unexpected(transport.error());
  transport_ = std::move(*transport);
  plane_.emplace(*transport_);
  if (!playback_ && std::ranges::any_of(snapshot_->evaluator.upstreams(), uses_oauth2)) {
    auto sealer = auth::open_sealer(options_.directories.data);
    if (!sealer) return std::unexpected(sealer.error());
    sealer_.emplace(std::move(*sealer));
  }
  if (auto tokens = open_agent_tokens(); !tokens) return tokens;
  recorder_ = std::make_unique<egress::Recorder>(*journal_);
  return make_known();
}

Result<void> Running::open_recording() {
  if (options_.replay) {
    auto playback = replay::Playback::open(options_.replay->file);
    if (!playback) return std::unexpected(std::move(playback.error()));
    playback_.emplace(std::move(*playback));
  }
  if (!options_.record) return {};
  auto tape = replay::Tape::create(replay::recording_of(journal_file_));
  if (!tape) return std::unexpected(std::move(tape.error()));
  tape_.emplace(std::move(*tape));
  return {};
}

/// As whom tools of type agent_token are called; read before the agent exists.
Result<void> Running::open_agent_tokens() {
  if (playback_ || std::ranges::none_of(snapshot_->evaluator.upstreams(), uses_agent_token)) return {};
  if (auto fit = check_agent_tokens(options_.project, planes_); !fit) return fit;
  auto client = planes_.remote->client();
  if (!client) return std::unexpected(std::move(client.error()));
  auto sealer = auth::open_sealer(options_.directories.data);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  agent_tokens_.emplace(egress::AgentTokenRun{.endpoint = planes_.remote->endpoint,
                                              .open = planes_.remote->anonymous,
                                              .client_id = std::move(client->client_id),
                                              .client_secret = std::move(client->secret),
                                              .cache_directory = options_.directories.cache,
                                              .sealer = std::move(*sealer)});
  return {};
}

/// Here, and at the server if there is one: a run that it does not know does not begin.
Result<void> Running::make_known() {
  model::Run run;
  run.id = run_id_;
  run.agent = options_.project.agent.name;
  run.command = options_.project.agent.command;
  run.end_user = options_.end_user;
  run.account = options_.project.agent.account;
  run.isolation = word(options_.isolation);
  run.observe = options_.observe;
  run.project_file = options_.project.file;
  run.journal = journal_file_;
  run.runner_pid = ::getpid();
  run.created_at = run.updated_at = model::now();
  if (auto created = plane_->create_run(run); !created) return std::unexpected(created.error());
  constexpr std::array observing = {std::pair<std::string_view, std::string_view>{"mode", "observe"}};
  recorder_->note("RUN_CREATED", "agent " + run.agent,
                  run.observe ? std::span<const std::pair<std::string_view, std::string_view>>{observing}
                              : std::span<const std::pair<std::string_view, std::string_view>>{});
  if (options_.replay) recorder_->note("REPLAY", "answers are those of run " + options_.replay->run_id);
  if (options_.record) recorder_->note("RECORDING", "bodies are kept for a replay");
  if (!planes_.remote) return {};
  auto remote = RemoteRun::begin(*planes_.remote, run);
  if (!remote) {
    close_record({model::RunStatus::failed, {}, remote.error().message});
    return std::unexpected(std::move(remote.error()));
  }
  remote_ = std::move(*remote);
  return {};
}

std::optional<launch::LaunchFailure> Running::start() {
  launch::LaunchSpec spec;
  spec.command = options_.project.agent.command;
  spec.working_directory = options_.working_directory;
  spec.environment = environment_.entries();
  spec.descriptors = agent_descriptors_;
  if (fencing_) {
    spec.fence = &fencing_->plan;
    if (spec.working_directory.empty()) spec.working_directory = current_directory();
    if (!playback_) {
      secrets_ahead_ = egress::resolve_ahead(snapshot_->evaluator.upstreams(), options_.project.directory);
    }
  }
  if (!playback_)
    aws_ = egress::read_aws_ahead(snapshot_->evaluator.upstreams(), inherited_environment(), fencing_.has_value());
  auto agent = launch::AgentProcess::start(spec);
  if (!agent) {
    close_record({model::RunStatus::failed, agent.error().exit_code, agent.error().error.message});
    return agent.error();
  }
  agent_.emplace(std::move(*agent));
  if (fencing_) {
    open_fence();
  } else {
    diagnostics_ = egress::open_socket_diagnostics();
  }
  wire();
  return std::nullopt;
}

void Running::start_workers() {
  worker_ = std::make_unique<egress::Worker>(1);
  if (!remote_) {
    asking_ = &local_asking_.emplace(*worker_, std::vector{&*plane_}, false);
    return;
  }
  remote_->start([this](const std::string& text) { say(text); });
  asking_ = &remote_->worker();
}

/// What has begun is finished, but for what a server is asked: it may take its time.
void Running::join_workers() {
  if (remote_) remote_->join();
  if (credentials_) credentials_->join();
  if (worker_) worker_->join();
}

void Running::wire() {
  start_workers();
  secrets_ = std::make_unique<egress::Secrets>(*worker_, options_.project.directory, std::move(secrets_ahead_),
                                               [this](std::string_view name) { return plane_->reveal_secret(name); });
  pauses_ = std::make_unique<egress::Pauses>(*asking_, *recorder_, run_id_);
  if (sealer_) wire_oauth2();
  credentials_ = std::make_unique<egress::Credentials>(
      *secrets_, *worker_,
      egress::TokenRuns{.oauth2 = oauth2_.get(), .agent = agent_tokens_ ? &*agent_tokens_ : nullptr}, std::move(aws_));
  approvals_ = std::make_unique<egress::Approvals>(loop_, *asking_, *recorder_, *pauses_, run_id_, approval_options());
  engine_.reset(new egress::Engine{
      loop_, ticker_, snapshot_, *recorder_, *approvals_, *credentials_, *upstreams_, {}, tls_.get()});
  if (entering_) engine_->entrance = entering_->ingress.get();
  if (tape_) engine_->tape = &*tape_;
  if (playback_) engine_->playback = &*playback_;
  if (!options_.project.providers.empty()) {
    monthly_budgets_ = std::make_unique<gateway::MonthlyBudgets>(*asking_, run_id_);
    engine_->monthly_budgets = monthly_budgets_.get();
  }
  if (options_.verbose) {
    recorder_->on_call = [this](const audit::CallRecord& record) {
      say(fmt::format("runagents: {} {} {} {} {}\n", record.decision, record.method, record.url, record.status,
                      record.code));
    };
  }
}

api::RunChange Running::outcome(const launch::ExitStatus& exit) const {
  if (cancelled_) return {model::RunStatus::cancelled, exit.code, "cancelled"};
  if (exit.signal != 0) return {model::RunStatus::failed, exit.code, "ended by signal " + std::to_string(exit.signal)};
  if (exit.code != 0) return {model::RunStatus::failed, exit.code, "exit " + std::to_string(exit.code)};
  return {model::RunStatus::completed, exit.code, {}};
}

api::RunCounts Running::counts() const {
  const auto& totals = recorder_->totals();
  return {totals.calls, totals.refused, totals.approved, totals.models, totals.observed};
}

void Running::close_record(api::RunChange change) {
  const bool was_broken = recorder_->broken();
  recorder_->record_left();
  recorder_->note(word(change.status), change.reason);
  change.counts = counts();
  if (const auto run = plane_->change_run(run_id_, change); !run) {
    fmt::print(stderr, "runagents: the end of run {} is not in the store yet: {}\n", run_id_, run.error().message);
  }
  if (remote_) {
    if (const auto sent = remote_->finish(change, journal_->seq()); !sent) {
      fmt::print(stderr,
                 "runagents: the end of run {} is not at {} yet: {}\n  the next run, or \"runagents runs list\", "
                 "brings it there\n",
                 run_id_, planes_.remote->endpoint, sent.error().message);
    }
  }
  if (was_broken || recorder_->broken()) {
    fmt::print(stderr, "runagents: the events of run {} could not all be recorded in {}\n", run_id_, journal_file_);
  }
}

void Running::say(const std::string& text) const {
  if (!options_.quiet) write_unless_blocked(STDERR_FILENO, text);
}

}  // namespace runagents
