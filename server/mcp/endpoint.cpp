#include "server/mcp/endpoint.hpp"

#include <algorithm>
#include <optional>

#include "core/mcp/answer.hpp"
#include "core/policy/target.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/parts.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view prefix = "/api/v1/proxy/";
constexpr std::size_t max_body_bytes = std::size_t{8} << 20U;

enum class Form { tools, mcp };
struct ProxyPath {
  std::string_view server;
  Form form = Form::tools;
};

std::optional<ProxyPath> proxy_path(std::string_view path) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  const auto slash = path.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  const auto rest = path.substr(slash + 1);
  if (rest != "tools" && rest != "mcp") return std::nullopt;
  return ProxyPath{.server = path.substr(0, slash), .form = rest == "tools" ? Form::tools : Form::mcp};
}

/// Ids and names need no percent-encoding; what has some has two spellings. It comes again in a quoted field value.
bool is_plain(std::string_view segment) {
  return segment.size() <= 256 && segment.find_first_of("%\"") == std::string_view::npos;
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "127.0.0.1" || host == "::1"; }

}  // namespace

McpEndpoint::Parts::Parts(http::asio::io_context& loop, http::Ticker& clock, Planes& workers, Planes& patient_workers,
                          AuditWriter& writer, McpEndpointOptions given)
    : context{loop},
      ticker{clock},
      planes{workers},
      audit{writer},
      options{std::move(given)},
      refresher{loop, workers, patient_workers},
      pool{loop, clock},
      http_peer{loop, pool},
      starts{loop, workers},
      stdio_sessions{loop, clock, starts},
      stdio_peer{loop, clock, starts} {}

Peer& McpEndpoint::Parts::peer_of(const Admission& admission) {
  if (admission.server.transport == model::McpTransport::stdio) return stdio_peer;
  return http_peer;
}

std::string McpEndpoint::Parts::metadata_url(std::string_view server) const {
  return options.issuer + "/.well-known/oauth-protected-resource" + std::string{prefix} + std::string{server} + "/mcp";
}

void McpEndpoint::Parts::record(const Admission& admission, std::string_view request_id, const CallOutcome& outcome) {
  audit.add(call_record(admission, request_id, outcome));
}

http::Task<int> McpEndpoint::Parts::refuse(http::Exchange& exchange, const ProxiedRequest& request, Error error,
                                           Decision decision) {
  auto answer = refused_answer(error, request.id, metadata_url(request.server), decision);
  const int status = co_await send_answer(exchange, answer.status, std::move(answer.fields), std::move(answer.body));
  co_return status;
}

http::Task<int> McpEndpoint::Parts::refuse(http::Exchange& exchange, const ProxiedRequest& request,
                                           const Refusal& refusal) {
  if (refusal.protocol) {
    const int status =
        co_await send_answer(exchange, refusal.protocol->status, {}, mcp::write_error(*refusal.protocol));
    co_return status;
  }
  if (refusal.post && refusal.post->messages.has_request()) {
    auto body = refused_messages(refusal.post->messages, refusal.post->version, refusal.error, refusal.decision);
    const int status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", std::move(body));
    co_return status;
  }
  const int status = co_await refuse(exchange, request, refusal.error, refusal.decision);
  co_return status;
}

McpEndpoint::McpEndpoint(http::asio::io_context& context, http::Ticker& ticker, Planes& planes, Planes& patient_planes,
                         AuditWriter& audit, McpEndpointOptions options)
    : parts_{std::make_unique<Parts>(context, ticker, planes, patient_planes, audit, std::move(options))} {}
McpEndpoint::~McpEndpoint() = default;

bool McpEndpoint::takes(std::string_view /*method*/, std::string_view path) const {
  return proxy_path(path).has_value();
}

std::vector<RouteFacts> McpEndpoint::routes() const {
  const std::string tools = std::string{prefix} + "{server}/tools";
  const std::string mcp = std::string{prefix} + "{server}/mcp";
  const auto fact = [](std::string method, const std::string& path, std::string_view summary) {
    return RouteFacts{
        .method = std::move(method), .path = path, .access = Access::any_agent, .summary = std::string{summary}};
  };
  return {fact("GET", tools, "lists the tools of an MCP server that policy allows"),
          fact("POST", tools, "calls a tool of an MCP server"),
          fact("POST", mcp, "sends messages to an MCP server (MCP, Streamable HTTP)"),
          fact("GET", mcp, "listens to an MCP server"), fact("DELETE", mcp, "ends a session with an MCP server")};
}

/// A page of another site that a browser shows could otherwise use what runs on this machine (2025-11-25, transports,
/// "Security Warning"). Programs that are no browsers send no Origin.
bool McpEndpoint::is_allowed_origin(std::string_view origin) const {
  if (origin.empty()) return true;
  const auto parsed = policy::parse_target(origin);
  if (!parsed) return false;
  const auto site = parsed->scheme + "://" + std::string{origin.substr(origin.find("://") + 3)};
  if (site == parts_->options.issuer) return true;
  if (std::ranges::find(parts_->options.origins, origin) != parts_->options.origins.end()) return true;
  return is_loopback(parsed->authority.host) && parts_->options.is_loopback;
}

http::Task<int> McpEndpoint::serve(const StreamRequest& request, http::Exchange& exchange) {
  const auto path = proxy_path(request.path);
  auto copy = proxied_request(request, std::string{path->server});
  auto& parts = *parts_;
  if (!is_allowed_origin(copy.field("origin"))) {
    const int status = co_await parts.refuse(
        exchange, copy, Error{ErrorCode::forbidden, "requests of this web page are not accepted", {}, "bad_origin"});
    co_return status;
  }
  if (!is_plain(path->server)) {
    const int status = co_await parts.refuse(exchange, copy, Error{ErrorCode::not_found, "there is no such server"});
    co_return status;
  }
  const auto& method = copy.request.method;
  const bool is_post = method == "POST";
  const bool is_known = is_post || method == "GET" || (method == "DELETE" && path->form == Form::mcp);
  if (!is_known) {
    const std::string allow = path->form == Form::mcp ? "Allow: GET, POST, DELETE\r\n" : "Allow: GET, POST\r\n";
    const int status = co_await send_answer(exchange, 405, allow, {});
    co_return status;
  }
  if (is_post) {
    auto body = co_await exchange.read_whole_body(max_body_bytes);
    if (!body) {
      const int status = co_await parts.refuse(
          exchange, copy, Error{ErrorCode::usage, "the body is too large, or did not arrive", {}, "too_large"});
      co_return status;
    }
    copy.request.body = std::move(*body);
  }
  int status = 0;
  if (path->form == Form::mcp) {
    status =
        is_post ? co_await parts.post(std::move(copy), exchange) : co_await parts.session(std::move(copy), exchange);
  } else {
    status = is_post ? co_await parts.call_tool(std::move(copy), exchange)
                     : co_await parts.list_tools(std::move(copy), exchange);
  }
  co_return status;
}

void McpEndpoint::stop() {
  parts_->starts.stop();
  parts_->stdio_sessions.stop();
  parts_->stdio_peer.stop();
}

bool McpEndpoint::is_idle() const { return parts_->starts.running() == 0; }

}  // namespace runagents::server
