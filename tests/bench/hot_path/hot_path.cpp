// Small calls through the whole engine in one thread, one after the other on connections that stay: the agent and the
// tool are played in the same loop, so that every step comes in the same order each time.
//
//   hot_path CALLS             makes them, for a profiler that counts below runagents_bench_run and not below
//   runagents_bench_play hot_path CALLS allocations prints where they allocate

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <netinet/in.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "core/config/project_file.hpp"
#include "tests/bench/hot_path/allocations.hpp"
#include "tests/bench/hot_path/engine.hpp"
#include "tests/bench/hot_path/player.hpp"

/// What is measured.
extern "C" [[gnu::noinline]] void runagents_bench_run(runagents::Loop& loop) { loop.run(); }

namespace runagents::bench {
namespace {

constexpr std::size_t warm_up = 100;
constexpr std::string_view response_body =
    R"({"items": ["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]})";

int made(int result, const char* what) {
  if (result < 0) throw std::runtime_error{std::string{what} + " failed"};
  return result;
}

sockaddr_in loopback(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  return address;
}

/// The tool's listening socket, and the port that it got.
std::pair<int, unsigned> open_listener() {
  const int listener = made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  auto address = loopback(0);
  socklen_t size = sizeof address;
  made(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), "bind");
  made(::listen(listener, 8), "listen");
  made(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return {listener, ntohs(address.sin_port)};
}

int connect_to(const std::string& authority) {
  const int agent = made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const auto address = loopback(static_cast<unsigned>(std::stoul(authority.substr(authority.find(':') + 1))));
  made(::connect(agent, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  return agent;
}

/// A tool with a credential, capabilities, and a policy, as people have them.
model::Project project_for(unsigned port) {
  const auto text = R"([agent]
name = "bench"
command = ["true"]
[tools.items]
base_url = "http://127.0.0.1:)" +
                    std::to_string(port) + R"("
auth = { type = "bearer", secret = "env:BENCH_KEY" }
capabilities = [
  { name = "items.list", method = "GET", path = "/v1/items" },
  { name = "items.create", method = "POST", path = "/v1/items" },
]
[policies.p]
rules = [{ permission = "allow", operations = ["GET", "POST"] }]
)";
  ::setenv("BENCH_KEY", "bench-key-of-forty-characters-0123456789", 1);
  auto project = config::parse_project(text, "runagents.toml");
  if (!project) throw std::runtime_error{project.error().front().message};
  return std::move(*project);
}

class Calls {
 public:
  Calls() : listener_{open_listener()}, engine_{project_for(listener_.second)} {
    request_ =
        "GET /v1/items HTTP/1.1\r\nHost: " + engine_.authority() + "\r\nAccept: */*\r\nUser-Agent: bench/1\r\n\r\n";
    response_ =
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nContent-Length: " +
        std::to_string(response_body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + std::string{response_body};
    agent_.emplace(engine_.loop(), connect_to(engine_.authority()), std::string{response_body});
    agent_->heard = [this] { next(); };
    agent_->listen();
  }

  /// Ends with the last one answered. `run` runs the loop.
  template <class Run>
  void make(std::size_t count, Run run) {
    left_ = count + 1;
    next();
    engine_.loop().restart();
    if (!tool_) meet_tool();
    run(engine_.loop());
  }

  /// Called when so many are left.
  void at(std::size_t left, std::function<void()> call) {
    mark_ = left;
    at_mark_ = std::move(call);
  }

  [[nodiscard]] const egress::Totals& totals() const { return engine_.totals(); }

 private:
  void next() {
    if (--left_ == mark_ && at_mark_) at_mark_();
    if (left_ == 0) {
      engine_.loop().stop();
    } else {
      agent_->say(request_);
    }
  }

  /// The engine dials when the first call comes.
  void meet_tool() {
    listener_wait_.emplace(engine_.loop(), ::dup(listener_.first));
    listener_wait_->async_wait(Listener::wait_read, [this](boost::system::error_code error) {
      if (error) return;
      tool_.emplace(engine_.loop(), made(::accept4(listener_.first, nullptr, nullptr, SOCK_CLOEXEC), "accept"),
                    "\r\n\r\n");
      tool_->heard = [this] { tool_->say(response_); };
      tool_->listen();
    });
  }

  using Listener = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  std::pair<int, unsigned> listener_;
  WholeEngine engine_;
  std::string request_;
  std::string response_;
  std::optional<Listener> listener_wait_;
  std::optional<Player> agent_;
  std::optional<Player> tool_;
  std::size_t left_ = 0;
  std::size_t mark_ = 0;
  std::function<void()> at_mark_;
};

int run(std::size_t count, bool shows_allocations) {
  Calls calls;
  calls.make(warm_up, [](Loop& loop) { loop.run(); });
  if (shows_allocations) {
    // The loop keeps memory from one run of it to the next: only what comes after a second warm-up is steady.
    calls.at(count, [] { Allocations::start(); });
    calls.make(count + warm_up, runagents_bench_run);
    Allocations::stop();
    std::printf("allocations %zu\n", Allocations::count());
    Allocations::print();
  } else {
    calls.make(count, runagents_bench_run);
  }
  const auto& totals = calls.totals();
  std::printf("calls %zu\n", count);
  const auto expected = count + warm_up * (shows_allocations ? 2 : 1);
  return totals.allowed == expected && totals.refused == 0 ? 0 : 1;
}

}  // namespace
}  // namespace runagents::bench

int main(int count, char** words) {
  try {
    if (count < 2) throw std::runtime_error{"usage: hot_path CALLS [allocations]"};
    return runagents::bench::run(std::stoul(words[1]), count > 2);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "hot_path: %s\n", problem.what());
    return 1;
  }
}
