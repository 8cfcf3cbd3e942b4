#include "server/http/watch.hpp"

#include <string>
#include <utility>

#include "server/http/send_answer.hpp"

namespace runagents::server {
namespace {

std::string common_fields(std::string_view id) {
  std::string fields = "cache-control: no-store\r\nx-request-id: ";
  return fields.append(id).append("\r\n");
}

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

}  // namespace

bool Watch::takes(std::string_view method, std::string_view path) const {
  // Other methods of /healthz are for its route.
  return path == "/metrics" || path == "/openapi.json" || (path == "/healthz" && is_read(method));
}

std::vector<RouteFacts> Watch::routes() const {
  return {{.method = "GET", .path = "/metrics", .access = Access::anybody, .summary = "figures for Prometheus"},
          {.method = "GET", .path = "/openapi.json", .access = Access::anybody, .summary = "this description"}};
}

http::Task<int> Watch::serve(const StreamRequest& request, http::Exchange& exchange) {
  auto fields = common_fields(request.id);
  if (!is_read(request.head.method)) {
    const int refused = co_await send_answer(exchange, 405, fields + "allow: GET, HEAD\r\n", {});
    co_return refused;
  }
  std::string body = R"({"status":"ok"})";
  if (request.path == "/metrics") {
    fields += "content-type: text/plain; version=0.0.4; charset=utf-8\r\n";
    body = site_.metrics.text();
  }
  if (request.path == "/openapi.json") body = site_.description;
  const int status = co_await send_answer(exchange, 200, std::move(fields), std::move(body));
  co_return status;
}

}  // namespace runagents::server
