#include "runner/entering.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include "runner/fence/network.hpp"

namespace runagents {
namespace {

namespace asio = http::asio;

constexpr std::uint16_t usual_port = 8080;

Result<http::tcp::endpoint> endpoint_of(const ListenAddress& wanted) {
  http::error_code error;
  const auto address = asio::ip::make_address(wanted.address, error);
  if (!error) return http::tcp::endpoint{address, wanted.port};
  return fail(ErrorCode::usage, "--ingress: " + wanted.address + " is not an address of this machine",
              "write ADDRESS:PORT, for example 127.0.0.1:8000 or [::1]:8000");
}

using Acceptor = asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>;

/// Binds `port`, which may be 0, and gives it back.
std::uint16_t try_port(asio::io_context& context, std::uint16_t port, http::error_code& error) {
  Acceptor acceptor{context};
  acceptor.open(http::tcp::v4(), error);
  if (!error) acceptor.bind({asio::ip::address_v4::any(), port}, error);
  return error ? std::uint16_t{0} : acceptor.local_endpoint(error).port();
}

/// The first port that the kernel gives by itself to sockets that ask for none (ip(7)); 0: not known.
int first_ephemeral_port() {
  int first = 0;
  std::ifstream{"/proc/sys/net/ipv4/ip_local_port_range"} >> first;
  return first;
}

/// A port for an agent that will bind it after it has started. Of those that the kernel gives to nobody by itself:
/// otherwise whoever listens on port 0 next might be there before the agent, and be given the requests of its users.
Result<std::uint16_t> free_port() {
  asio::io_context context;
  http::error_code error;
  constexpr int first = 16384;
  constexpr int attempts = 100;
  const int end = first_ephemeral_port();
  std::random_device random;
  for (int attempt = 0; end - first >= attempts && attempt < attempts; ++attempt) {
    const auto port = std::uniform_int_distribution{first, end - 1}(random);
    if (const auto found = try_port(context, static_cast<std::uint16_t>(port), error); found != 0) return found;
  }
  if (const auto found = try_port(context, 0, error); found != 0) return found;
  return fail(ErrorCode::internal, "no port for the agent can be found: " + error.message());
}

http::Task<int> outer_socket() { co_return fence::open_client_socket(); }

bool is_loopback(const std::string& address) {
  http::error_code error;
  return asio::ip::make_address(address, error).is_loopback() && !error;
}

}  // namespace

Result<std::uint16_t> agent_port(const RunOptions& options, const policy::Evaluator& evaluator) {
  const auto is_taken = [&](std::uint16_t port) {
    return std::ranges::any_of(evaluator.tools(), [port](const auto* tool) { return tool->base_url.port == port; });
  };
  const auto wanted = options.project.ingress.port;
  if (wanted != 0) {
    const bool is_free = !is_taken(wanted) && !egress::is_open_everywhere(wanted);
    if (is_free || options.isolation == Isolation::none) return wanted;
    return fail(ErrorCode::configuration,
                "the agent cannot listen on port " + std::to_string(wanted) + ": a tool has it",
                "choose another port in [ingress]");
  }
  if (options.isolation == Isolation::none) return free_port();
  auto port = usual_port;
  while (is_taken(port)) ++port;
  return port;
}

Result<void> open_ingress(Entering& entering, const RunOptions& options, const policy::Evaluator& evaluator,
                          asio::io_context& context, http::Ticker& ticker, egress::Doors& doors,
                          std::function<void(int)> order_sockets) {
  const auto port = agent_port(options, evaluator);
  if (!port) return std::unexpected(port.error());
  entering.port = *port;
  const auto endpoint = endpoint_of(*options.ingress);
  if (!endpoint) return std::unexpected(endpoint.error());
  auto authority = doors.listen_for_clients(*endpoint);
  if (!authority) {
    return fail(ErrorCode::configuration, "--ingress: " + authority.error().message,
                "choose another port, or 0 for one that is free");
  }
  entering.authority = std::move(*authority);
  ingress::AgentConnector::MakeSocket make_socket = outer_socket;
  if (options.isolation == Isolation::strict) {
    entering.sockets = std::make_unique<ingress::InnerSockets>(context, std::move(order_sockets));
    make_socket = [sockets = entering.sockets.get()] { return sockets->take(); };
  }
  entering.ingress = std::make_unique<ingress::Ingress>(context, ticker, options.project, entering.port,
                                                        std::move(make_socket), entering.requests);
  return {};
}

std::string announcement(const Entering& entering, const RunOptions& options) {
  std::string text = "runagents: requests for the agent come in at http://" + entering.authority + "\n";
  const bool is_open = options.project.ingress.access == model::Ingress::Access::open;
  if (is_open && !is_loopback(options.ingress->address)) {
    text += "runagents: warning: access is \"open\", so everybody who can reach " + entering.authority +
            " can give the agent work\n";
  }
  return text;
}

}  // namespace runagents
