#include "runner/entering.hpp"

#include <algorithm>

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

Result<std::uint16_t> free_port() {
  asio::io_context context;
  http::error_code error;
  asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type> acceptor{context};
  acceptor.open(http::tcp::v4(), error);
  if (!error) acceptor.bind({asio::ip::address_v4::loopback(), 0}, error);
  if (error) return fail(ErrorCode::internal, "no port for the agent can be found: " + error.message());
  return acceptor.local_endpoint(error).port();
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
