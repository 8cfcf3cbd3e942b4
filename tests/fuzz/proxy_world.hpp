#pragma once

#include <array>
#include <cstdlib>
#include <expected>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "core/audit/journal.hpp"
#include "core/http/certificate_authority.hpp"
#include "core/http/tls_server.hpp"
#include "runner/egress/connection.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::fuzz {

/// The far end of a socket pair: what was said to it, and what it says.
class FarEnd {
 public:
  /// Sets `near` to the other end.
  explicit FarEnd(http::Socket& near) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) std::abort();
    near.assign(http::tcp::v4(), ends[0]);
    near.non_blocking(true);
    end_ = ends[1];
  }
  ~FarEnd() { close(); }
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;

  /// What does not fit into the socket's buffer is lost, as with a peer that gives up.
  void say(std::string_view bytes) const {
    if (end_ >= 0) static_cast<void>(::send(end_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// Takes what is there; true when that was something.
  bool listen() {
    bool found = false;
    std::array<char, 16384> block;
    for (ssize_t size = 1; end_ >= 0 && size > 0;) {
      size = ::recv(end_, block.data(), block.size(), 0);
      if (size > 0) heard.append(block.data(), static_cast<std::size_t>(size));
      if (size == 0) is_left = true;
      found = found || size > 0;
    }
    return found;
  }
  void end_saying() const {
    if (end_ >= 0) ::shutdown(end_, SHUT_WR);
  }
  void close() {
    if (end_ >= 0) ::close(end_);
    end_ = -1;
  }
  [[nodiscard]] bool is_open() const noexcept { return end_ >= 0 && !is_left; }

  std::string heard;
  bool is_left = false;  ///< we closed the connection

 private:
  int end_ = -1;
};

/// The tool's server: every connection to it, in order.
class FakeUpstream final : public egress::Connector {
 public:
  explicit FakeUpstream(http::asio::io_context& context) : context_{context} {}

  http::Task<std::expected<http::Socket, egress::Refusal>> connect() override {
    http::Socket near{context_};
    connections.push_back(std::make_unique<FarEnd>(near));
    connections.back()->say(std::exchange(waiting_, {}));
    co_return near;
  }
  /// On the newest connection, or on the next when that is closed.
  void say(std::string_view bytes) {
    if (connections.empty() || !connections.back()->is_open()) {
      waiting_.append(bytes);
    } else {
      connections.back()->say(bytes);
    }
  }

  std::vector<std::unique_ptr<FarEnd>> connections;

 private:
  http::asio::io_context& context_;
  std::string waiting_;
};

/// What stands in the journal of a call, as far as it matters here.
struct Noted {
  std::string request_id;
  std::string method;
  std::string url;
  std::string decision;
  std::string code;
  std::uint64_t bytes_in = 0;
};

inline constexpr std::string_view credential = "fuzz-credential-4f9a1c";

/// What a run has that outlives its calls: one tool, of which something is denied and the rest partly allowed.
class World {
 public:
  World() {
    ::setenv("RUNAGENTS_FUZZ_CREDENTIAL", std::string{credential}.c_str(), 1);
    model::Tool tool;
    tool.name = "api";
    tool.base_url = {.scheme = "http", .host = "api.test", .port = 80, .path = "/v1"};
    tool.auth.type = model::AuthType::bearer;
    tool.auth.name = "Authorization";
    tool.auth.prefix = "Bearer ";
    tool.auth.secret = model::SecretReference{model::SecretReference::Kind::env, "RUNAGENTS_FUZZ_CREDENTIAL"};
    tool.insecure = true;
    tool.trace_headers = true;
    model::Policy policy{.name = "p", .rules = {}, .approvals = {}, .subjects = {"agent:bot"}};
    auto& denies = policy.rules.emplace_back();
    denies.permission = model::Permission::deny;
    denies.resource = "http://api.test/v1/secret/*";
    auto& allows = policy.rules.emplace_back();
    allows.permission = model::Permission::allow;
    allows.tool = "api";
    allows.operations = {"GET", "HEAD", "POST", "PUT"};
    model::Project project;
    project.agent.name = "bot";
    project.agent.tools = {"api"};
    project.tools = {std::move(tool)};
    project.policies = {std::move(policy)};
    snapshot = std::make_shared<egress::Snapshot>(
        egress::Snapshot{policy::Evaluator{std::move(project)}, "RUN", "bot", "spiffe://local/agent/bot", {}, nullptr});
    limiter_.emplace(model::Limits{}, snapshot->evaluator.tools());
    snapshot->limiter = &*limiter_;
    auto authority = http::CertificateAuthority::create("fuzz");
    if (!authority) std::abort();
    authority_.emplace(std::move(*authority));
    tls.emplace(*authority_);
    open_journal();
  }

  /// One that has room; its file has no name.
  audit::Journal& journal() {
    if (++journal_uses_ % 5000 == 0) open_journal();
    return *journal_;
  }
  [[nodiscard]] const model::Tool& tool() const { return *snapshot->evaluator.tools().front(); }

  std::shared_ptr<egress::Snapshot> snapshot;
  std::optional<http::TlsServer> tls;
  egress::Worker worker{1};

 private:
  void open_journal() {
    const auto file = std::filesystem::temp_directory_path() / ("runagents-fuzz-" + std::to_string(::getpid()));
    std::filesystem::remove(file);
    journal_.reset();
    auto created = audit::Journal::create(file, "RUN", "bot");
    if (!created) std::abort();
    journal_.emplace(std::move(*created));
    std::filesystem::remove(file);
  }

  std::optional<egress::Limiter> limiter_;
  std::optional<http::CertificateAuthority> authority_;
  std::optional<audit::Journal> journal_;
  std::size_t journal_uses_ = 0;
};

/// One connection of the agent, its calls, and what came of them.
class AgentConnection {
 public:
  AgentConnection(World& world, egress::Door door)
      : near_{context_},
        client{near_},
        upstream{context_},
        recorder_{world.journal()},
        plane_{world.worker, {}, false},
        pauses_{plane_, recorder_, "RUN"},
        approvals_{context_, plane_, recorder_, pauses_, "RUN", {}},
        secrets_{world.worker, "/", {}, {}},
        credentials_{secrets_, world.worker, {}, nullptr},
        upstreams_{context_, ticker_},
        engine_{.context = context_,
                .ticker = ticker_,
                .snapshot = world.snapshot,
                .recorder = recorder_,
                .approvals = approvals_,
                .credentials = credentials_,
                .upstreams = upstreams_,
                .request_ids = {},
                .tls = &*world.tls} {
    upstreams_.set_connector(world.tool(), upstream);
    recorder_.on_call = [this](const audit::CallRecord& record) {
      notes.push_back({std::string{record.request_id}, std::string{record.method}, std::string{record.url},
                       std::string{record.decision}, std::string{record.code}, record.bytes_in});
    };
    egress::Arrival arrival;
    arrival.door = door;
    if (door == egress::Door::alias) arrival.tool = &world.tool();
    arrival.authority = "127.0.0.1:4000";
    arrival.peer = egress::Peer{1, "/bin/agent"};
    connection_.emplace(engine_, http::Stream{std::move(near_)}, std::move(arrival));
    http::asio::co_spawn(context_, connection_->serve(), [this](const std::exception_ptr& error) {
      if (error) std::abort();
      has_ended_ = true;
    });
  }
  ~AgentConnection() {
    upstreams_.close();
    ticker_.stop();
    settle();
  }
  AgentConnection(const AgentConnection&) = delete;
  AgentConnection& operator=(const AgentConnection&) = delete;

  /// Until nothing moves any more.
  void settle() {
    for (bool moves = true; moves;) {
      moves = context_.poll() > 0;
      moves = client.listen() || moves;
      for (const auto& one : upstream.connections) moves = one->listen() || moves;
    }
  }
  /// Both sides are gone. False: the connection does not come to its end.
  [[nodiscard]] bool end() {
    client.end_saying();
    settle();
    for (const auto& one : upstream.connections) one->end_saying();
    settle();
    client.close();
    for (const auto& one : upstream.connections) one->close();
    settle();
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (!has_ended_ && std::chrono::steady_clock::now() < give_up) {
      context_.run_one_for(std::chrono::milliseconds{100});
    }
    return has_ended_;
  }

 private:
  http::asio::io_context context_{1};
  http::Ticker ticker_{context_};
  http::Socket near_;

 public:
  FarEnd client;
  FakeUpstream upstream;
  std::vector<Noted> notes;  ///< in the order in which calls ended

 private:
  egress::Recorder recorder_;
  egress::PlaneWorker plane_;
  egress::Pauses pauses_;
  egress::Approvals approvals_;
  egress::Secrets secrets_;
  egress::Credentials credentials_;
  egress::Upstreams upstreams_;
  egress::Engine engine_;
  std::optional<egress::Connection> connection_;
  bool has_ended_ = false;
};

}  // namespace runagents::fuzz
