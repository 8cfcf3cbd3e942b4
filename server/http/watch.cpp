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

}  // namespace

bool Watch::takes(std::string_view method, std::string_view path) const {
  return (method == "GET" || method == "HEAD") && (path == "/healthz" || path == "/metrics");
}

http::Task<int> Watch::serve(const StreamRequest& request, http::Exchange& exchange) {
  auto fields = common_fields(request.id);
  std::string body = R"({"status":"ok"})";
  if (request.path == "/metrics") {
    fields += "content-type: text/plain; version=0.0.4; charset=utf-8\r\n";
    body = site_.metrics.text();
  }
  const int status = co_await send_answer(exchange, 200, std::move(fields), std::move(body));
  co_return status;
}

}  // namespace runagents::server
