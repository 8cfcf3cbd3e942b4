#include "runner/ingress/ingress.hpp"

#include <algorithm>

#include "core/auth/hash.hpp"
#include "core/policy/target.hpp"
#include "runner/egress/deadline.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/ingress/bearer_token.hpp"
#include "runner/ingress/client_domain.hpp"

namespace runagents::ingress {
namespace {

using egress::Call;
using egress::refuse;
using egress::Verdict;
using enum model::RefusalCode;

/// An agent may think, and a WebSocket may be silent, for so long.
constexpr std::chrono::hours silence{1};

model::Tool agent_as_tool(std::uint16_t port) {
  model::Tool tool;
  tool.base_url = {"http", "localhost", port, {}};
  tool.timeout = silence;
  return tool;
}

/// What the record says of where the request went.
void name_target(Call& call) {
  call.scheme = "http";
  const std::string_view authority = call.arrival->authority;
  const auto colon = authority.rfind(':');
  call.host = authority.substr(0, colon);
  if (call.host.starts_with('[')) call.host = call.host.substr(1, call.host.size() - 2);
  call.port = static_cast<std::uint16_t>(std::stoi(std::string{authority.substr(colon + 1)}));
  const auto target = call.head->target;
  const auto mark = target.find('?');
  call.path = target.substr(0, mark);
  call.has_query = mark != target.npos;
  if (call.has_query) call.query = target.substr(mark + 1);
}

/// The agent's own program reads the target; what two programs would read differently does not get there.
Verdict read_request(Call& call) {
  if (policy::is_refused_method(call.method())) {
    return refuse(method_not_allowed, "the method " + std::string{call.method()} + " is not served");
  }
  const auto target = call.head->target;
  const bool is_printable =
      std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '\\'; });
  const bool is_origin_form = target.starts_with('/') || (target == "*" && call.method() == "OPTIONS");
  if (!is_printable || !is_origin_form) return refuse(bad_request, "the request target is not a path");
  name_target(call);
  if (call.grpc && !call.grpc->problem.empty()) return refuse(bad_request, call.grpc->problem);
  return egress::pass();
}

std::string new_traceparent(std::string& trace_id) {
  const auto digits = auth::hex(auth::random_bytes(16 + 8));
  trace_id = digits.substr(0, 32);
  return "00-" + trace_id + "-" + digits.substr(32) + "-01";
}

/// Keeps a request among those in flight.
class InFlight {
 public:
  InFlight(egress::InboundRequests& requests, egress::InboundRequest request) : requests_{requests}, id_{request.id} {
    requests_.begin(std::move(request));
  }
  ~InFlight() { requests_.end(id_, egress::Clock::now()); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  egress::InboundRequests& requests_;
  std::string id_;
};

}  // namespace

Result<void> check_access(const model::Project& project) {
  if (!project.identity_providers.empty() || project.ingress.access == model::Ingress::Access::open) return {};
  return fail(ErrorCode::configuration, "nobody says who is who: the project has no identity provider",
              "add [identity_providers.NAME], or let everybody in with access = \"open\" in [ingress]");
}

Ingress::Ingress(http::asio::io_context& context, http::Ticker& ticker, const model::Project& project,
                 std::uint16_t port, AgentConnector::MakeSocket make_socket, egress::InboundRequests& requests)
    : agent_{agent_as_tool(port)},
      is_open_{project.ingress.access == model::Ingress::Access::open},
      providers_{project.identity_providers},
      judge_{context, project.identity_providers},
      connector_{context, ticker, port, project.ingress.start_timeout, std::move(make_socket)},
      requests_{requests} {}

http::Task<void> Ingress::serve(egress::Engine& engine, Call& call, egress::Exchange& exchange) {
  engine.request_ids.next(call.request_id);
  call.tool = &agent_;
  auto verdict = co_await admit(engine, call);
  if (verdict && egress::is_late(call)) verdict = egress::too_late();
  call.decided = egress::Clock::now();
  if (!verdict) {
    co_await egress::answer_refusal(engine, call, exchange, std::move(verdict.error()));
    co_return;
  }
  egress::InboundRequest request{.id = call.request_id, .trace_id = {}, .user = call.user};
  call.traceparent = new_traceparent(request.trace_id);
  const InFlight in_flight{requests_, std::move(request)};
  co_await egress::forward(engine, call, exchange);
}

http::Task<Verdict> Ingress::admit(egress::Engine& engine, Call& call) {
  if (auto room = egress::expect_record(engine, call); !room) co_return room;
  if (auto read = read_request(call); !read) co_return read;
  auto verdict = co_await authenticate(call);
  co_return verdict;
}

http::Task<Verdict> Ingress::authenticate(Call& call) {
  const auto token = bearer_token(*call.head);
  if (!token) {
    if (is_open_ && token.error().code == token_missing) co_return egress::pass();
    co_return std::unexpected(token.error());
  }
  if (!*token) {
    if (is_open_) co_return egress::pass();
    co_return refuse(token_missing, "the request has no token", "send Authorization: Bearer TOKEN");
  }
  std::string text{**token};
  const auto verified = co_await judge_.judge(text);
  if (!verified) co_return refuse(verified.error().code, verified.error().message);
  co_return accept(call, std::move(text), *verified);
}

Verdict Ingress::accept(Call& call, std::string token, const auth::VerifiedToken& verified) {
  const auto provider = std::ranges::find(providers_, verified.provider, &model::IdentityProvider::name);
  if (!is_allowed(client_domain(*call.head), provider->allowed_client_domains)) {
    return refuse(domain_not_allowed, "the calling application's domain is not allowed",
                  "allowed_client_domains of the identity provider lists those that are");
  }
  auto user = std::make_shared<egress::EndUser>();
  user->id = verified.user;
  user->groups = verified.groups;
  user->token = std::make_shared<const config::Secret>(std::move(token));
  call.user = std::move(user);
  call.end_user = call.user->id;
  return egress::pass();
}

}  // namespace runagents::ingress
