#include "runner/running.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/config/directories.hpp"
#include "runner/egress/aws_credential.hpp"
#include "runner/egress/peer.hpp"
#include "runner/egress/request_id.hpp"
#include "runner/launch/resident.hpp"
#include "runner/preflight.hpp"
#include "runner/question.hpp"

namespace runagents {
namespace {

namespace asio = http::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds housekeeping_period{250};
constexpr std::chrono::milliseconds contact_period{1000};
constexpr unsigned rounds_between_signs = 30;
constexpr std::chrono::milliseconds drain_time{1000};

std::string new_run_id() {
  std::string id;
  egress::RequestIds{}.next(id);
  return id;
}

egress::ApprovalMode mode_of(OnApproval on_approval) {
  switch (on_approval) {
    case OnApproval::give_back:
      return egress::ApprovalMode::give_back;
    case OnApproval::ask:
      return egress::ApprovalMode::ask;
    case OnApproval::deny:
      return egress::ApprovalMode::deny;
    case OnApproval::hold:
      break;
  }
  return egress::ApprovalMode::hold;
}

egress::ConsentMode mode_of(OnConsent on_consent) {
  if (on_consent == OnConsent::deny) return egress::ConsentMode::deny;
  return on_consent == OnConsent::give_back ? egress::ConsentMode::give_back : egress::ConsentMode::hold;
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
  if (auto supported = check_supported(options.project); !supported) return std::unexpected(supported.error());
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
  auto transport = planes_.local();
  if (!transport) return std::unexpected(transport.error());
  transport_ = std::move(*transport);
  plane_.emplace(*transport_);
  if (std::ranges::any_of(snapshot_->evaluator.upstreams(), uses_oauth2)) {
    auto sealer = auth::open_sealer(options_.directories.data);
    if (!sealer) return std::unexpected(sealer.error());
    sealer_.emplace(std::move(*sealer));
  }
  if (auto tokens = open_agent_tokens(); !tokens) return tokens;
  recorder_ = std::make_unique<egress::Recorder>(*journal_);
  return make_known();
}

/// As whom tools of type agent_token are called; read before the agent exists.
Result<void> Running::open_agent_tokens() {
  if (std::ranges::none_of(snapshot_->evaluator.upstreams(), uses_agent_token)) return {};
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
  run.project_file = options_.project.file;
  run.journal = journal_file_;
  run.runner_pid = ::getpid();
  run.created_at = run.updated_at = model::now();
  if (auto created = plane_->create_run(run); !created) return std::unexpected(created.error());
  recorder_->note("RUN_CREATED", "agent " + run.agent);
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
    secrets_ahead_ = egress::resolve_ahead(snapshot_->evaluator.upstreams(), options_.project.directory);
  }
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

egress::ApprovalOptions Running::approval_options() {
  egress::ApprovalOptions wanted;
  wanted.mode = mode_of(options_.on_approval);
  wanted.timeout = options_.approval_timeout;
  wanted.announce = [this](const model::ApprovalRequest& request) {
    if (options_.on_approval != OnApproval::ask) say(announcement(request));
  };
  wanted.ask = [this](const model::ApprovalRequest& request) {
    return ask_person(request, agent_ ? agent_->agent_pid() : 0, options_.approval_timeout, withdraw_question_fd_);
  };
  // A call that a person makes has no agent that could be frozen.
  wanted.freeze = [this] {
    if (agent_) agent_->freeze();
  };
  wanted.thaw = [this] {
    if (agent_) agent_->thaw();
  };
  return wanted;
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

void Running::wire_oauth2() {
  consent_desk_ = std::make_unique<egress::ConsentDesk>(
      loop_, run_id_, options_.project.agent.name,
      [this](const auto& local, const auto& remote) { return is_of_agent(local, remote); });
  oauth2_.reset(new egress::OAuth2Run{*consent_desk_, *recorder_, *pauses_, *sealer_, planes_.local, run_id_,
                                      mode_of(options_.on_consent), options_.consent_timeout,
                                      [this](const egress::ConsentNotice& notice) { say(announcement(notice)); }});
}

/// A fenced agent does not reach the machine's loopback. One without a fence does, and must not answer for a person.
bool Running::is_of_agent(const http::tcp::endpoint& local, const http::tcp::endpoint& remote) const {
  if (fencing_ || !agent_) return false;
  return egress::trace_peer(local, remote, agent_->supervisor_pid(), diagnostics_).has_value();
}

/// Calls `handler` whenever the descriptor, which stays its owner's, is readable, until it returns false.
void Running::watch(int descriptor, std::function<bool()> handler) {
  using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;
  asio::co_spawn(
      loop_,
      [](Loop& loop, int own, std::function<bool()> handle) -> http::Task<void> {
        Descriptor watched{loop, own};
        for (;;) {
          const auto [error] = co_await watched.async_wait(Descriptor::wait_read, http::by_value);
          if (error || !handle()) co_return;
        }
      }(loop_, ::dup(descriptor), std::move(handler)),
      asio::detached);
}

Summary Running::serve() {
  doors_->open(*engine_, {agent_->supervisor_pid(), diagnostics_, fencing_.has_value()});
  if (resolver_) resolver_->open(*engine_);
  if (entering_) say(announcement(*entering_, options_));
  watch(agent_->ended_fd(), [this] {
    ended_ = true;
    loop_.stop();
    return false;
  });
  watch(agent_->notice_fd(), [this] {
    const bool more = agent_->handle_notice();
    if (entering_ && entering_->sockets) entering_->sockets->add(agent_->take_sockets());
    return more;
  });
  watch(signals_->fd(), [this] { return handle_signals(); });
  asio::co_spawn(loop_, keep_time(), asio::detached);
  asio::co_spawn(loop_, keep_in_touch(), asio::detached);
  launch::release_program_text();
  loop_.run();
  Summary summary;
  summary.exit = agent_->wait();
  summary.duration = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started_);
  drain();
  join_workers();
  close_record(outcome(summary.exit));
  summary.run_id = run_id_;
  summary.agent = options_.project.agent.name;
  summary.isolation = word(options_.isolation);
  summary.totals = recorder_->totals();
  return summary;
}

/// Lets the calls whose agent has just ended come to their record.
void Running::drain() {
  loop_.restart();
  if (resolver_) resolver_->close();
  doors_->close();
  const auto until = steady_clock::now() + drain_time;
  while (!doors_->idle() && steady_clock::now() < until) loop_.run_one_until(until);
}

bool Running::handle_signals() {
  while (const auto number = signals_->next()) {
    switch (*number) {
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
        stop_agent(*number);
        break;
      case SIGCONT:
        agent_->continued();
        break;
      default:
        agent_->signal(*number);
    }
  }
  return true;
}

/// The first request to stop is the agent's to follow; the second one, or time, ends it.
void Running::stop_agent(int signal_number) {
  static_cast<void>(::eventfd_write(withdraw_question_fd_, 1));
  if (std::exchange(signalled_, true)) {
    agent_->kill_all();
    return;
  }
  agent_->signal(signal_number);
  kill_at_ = steady_clock::now() + options_.kill_after;
}

/// The patience with a signalled agent.
http::Task<void> Running::keep_time() {
  http::Timer timer{loop_};
  while (!ended_) {
    timer.expires_after(housekeeping_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    if (steady_clock::now() < kill_at_) continue;
    kill_at_ = steady_clock::time_point::max();
    agent_->kill_all();
  }
}

/// Tells what the calls add up to, and looks for a cancellation. A server counts by itself, and hears now and then that
/// the runner is there.
http::Task<void> Running::keep_in_touch() {
  using Looked = Result<model::Run>;
  http::Timer timer{loop_};
  std::uint64_t told = 0;
  for (unsigned round = 1; !ended_; ++round) {
    timer.expires_after(contact_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    const bool is_new = std::exchange(told, journal_->seq()) != journal_->seq();
    const bool tells = is_new || (asking_->is_remote() && round % rounds_between_signs == 0);
    api::RunChange change{pauses_->status(), {}, {}};
    if (!asking_->is_remote()) change.counts = counts();
    std::function<Looked(api::ControlPlane&)> work = [run = run_id_, tells, change](api::ControlPlane& plane) {
      return tells ? plane.change_run(run, change) : plane.get_run(run);
    };
    const auto run = co_await asking_->ask(std::move(work));
    if (run && run->cancel_requested && !cancelled_) {
      cancelled_ = true;
      stop_agent(SIGTERM);
    }
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
  return {totals.calls, totals.refused, totals.approved, totals.models};
}

void Running::close_record(api::RunChange change) {
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
  if (recorder_->broken()) {
    fmt::print(stderr, "runagents: the events of run {} could not all be recorded in {}\n", run_id_, journal_file_);
  }
}

void Running::say(const std::string& text) const {
  if (!options_.quiet) fmt::print(stderr, "{}", text);
}

}  // namespace runagents
