#include "server/http/connection.hpp"

#include <algorithm>
#include <utility>

#include "core/ascii.hpp"
#include "core/http/date.hpp"
#include "core/policy/target.hpp"
#include "server/http/send_answer.hpp"
#include "server/long_poll.hpp"
#include "server/request_id.hpp"
#include "server/routes/router.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view request_id_field = "x-request-id";

/// Two programs that read a target differently must not both get one.
bool is_path(std::string_view target) {
  return target.starts_with('/') &&
         std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~' && c != '#' && c != '\\'; });
}

/// For metrics: a word of this program.
std::string_view group_of(std::string_view path) {
  if (path.starts_with("/api/v1/proxy/")) return "mcp";
  if (path.starts_with("/api/v1/oauth/")) return "oauth";
  return path.starts_with("/api/v1/") ? "api" : "site";
}

api::Fields copies(const std::vector<http::Field>& fields, const std::string& id) {
  api::Fields out;
  out.reserve(fields.size() + 1);
  for (const auto& [name, value] : fields) {
    auto lower = lowered(name);
    if (lower != request_id_field) out.emplace_back(std::move(lower), value);
  }
  out.emplace_back(request_id_field, id);
  return out;
}

std::string field_lines(const api::Fields& fields, const std::string& id) {
  std::string lines;
  for (const auto& [name, value] : fields) lines.append(name).append(": ").append(value).append("\r\n");
  if (api::field(fields, "cache-control").empty()) lines.append("cache-control: no-store\r\n");
  // What a browser takes for something else than it is could be a page of this server.
  if (api::field(fields, "x-content-type-options").empty()) lines.append("x-content-type-options: nosniff\r\n");
  lines.append(request_id_field).append(": ").append(id).append("\r\n");
  return lines;
}

std::string_view field_of(const http::RequestHead& head, std::string_view name) {
  const auto found = std::ranges::find_if(head.fields, [&](const auto& field) { return lowered(field.name) == name; });
  return found == head.fields.end() ? std::string_view{} : found->value;
}

}  // namespace

Connection::Connection(Site& site, http::Stream stream, std::string client)
    : ServerConnection{site.ticker, std::move(stream), site.times}, site_{site}, client_{std::move(client)} {}

http::Task<void> Connection::handle() {
  const auto began = Clock::now();
  const auto id = request_id_of(field_of(head(), request_id_field));
  const auto target = head().target;
  const auto mark = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, mark);
  const auto query = target.substr(std::min(mark + 1, target.size()));
  const auto group = group_of(path);
  const int status = co_await answer(path, query, id);
  site_.metrics.add_request(group, status, Clock::now() - began);
}

http::Task<int> Connection::answer(std::string_view path, std::string_view query, const std::string& id) {
  if (!is_path(head().target) || policy::is_refused_method(head().method)) {
    auto refused = error_response({ErrorCode::usage, "the request target is not a path"}, id);
    co_return co_await send(std::move(refused), id);
  }
  const auto taking = std::ranges::find_if(
      site_.endpoints, [&](const Endpoint* endpoint) { return endpoint->takes(head().method, path); });
  Endpoint* const endpoint = taking == site_.endpoints.end() ? nullptr : *taking;
  const bool is_limited = endpoint == nullptr || endpoint->is_limited();
  if (const auto wait = is_limited ? site_.rate_limit.take(client_, Clock::now()) : std::nullopt; wait) {
    const int status = co_await refuse_for(*wait, id);
    co_return status;
  }
  if (endpoint != nullptr) {
    const StreamRequest request{.head = head(), .path = path, .query = query, .client = client_, .id = id};
    const int status = co_await endpoint->serve(request, *this);
    co_return status;
  }
  co_return co_await answer_by_route(id);
}

http::Task<int> Connection::refuse_for(std::chrono::milliseconds wait, const std::string& id) {
  site_.metrics.add_limited();
  auto refused = error_response({ErrorCode::unavailable, "too many requests", {}, "rate_limited"}, id);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  refused.fields.emplace_back("retry-after", std::to_string(seconds));
  const int status = co_await send(std::move(refused), id);
  co_return status;
}

http::Task<int> Connection::answer_by_route(const std::string& id) {
  api::Request request{std::string{head().method}, std::string{head().target}, {}, copies(head().fields, id)};
  auto body = co_await read_whole_body(max_body_bytes);
  if (!body) {
    auto refused =
        error_response(has_malformed_body() ? Error{ErrorCode::usage, "the body is not sound HTTP/1.1"}
                                            : Error{ErrorCode::usage, "the body is larger than 4 MiB", {}, "too_large"},
                       id);
    co_return co_await send(std::move(refused), id);
  }
  request.body = std::move(*body);
  auto response = co_await ask(std::move(request));
  co_return co_await send(std::move(response), id);
}

/// Asks again while a client waits for something new. Nobody's thread is held meanwhile.
http::Task<api::Response> Connection::ask(api::Request request) {
  const auto deadline = Clock::now() + wanted_wait(request.target);
  const auto shared = std::make_shared<const api::Request>(std::move(request));
  const std::string_view target = shared->target;
  auto& workers =
      asks_other_servers(shared->method, target.substr(0, target.find('?'))) ? site_.patient_planes : site_.planes;
  http::Timer pause{site_.context};
  bool is_gone = false;
  on_gone = [&] {
    is_gone = true;
    pause.cancel();
  };
  for (;;) {
    std::function<api::Response(Plane&)> job = [shared, client = client_](Plane& plane) {
      return plane.answer(*shared, client);
    };
    auto response = co_await workers.run(std::move(job));
    if (!response.may_change || Clock::now() >= deadline || is_gone || site_.is_stopping) {
      on_gone = nullptr;
      co_return response;
    }
    pause.expires_after(look_again);
    static_cast<void>(co_await pause.async_wait(http::by_value));
  }
}

http::Task<bool> Connection::send_head(const http::ResponseStart& start, std::string_view body, bool last) {
  auto sent = start;
  const bool is_head = head().method == "HEAD";
  sent.has_body = start.has_body && !is_head;
  // A server that has a clock says what time it is (RFC 9110, section 6.6.1).
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto fields = *start.fields + "date: " + http::write_date(now) + "\r\n";
  sent.fields = &fields;
  const bool there = co_await ServerConnection::send_head(sent, is_head ? std::string_view{} : body, last);
  co_return there;
}

http::Task<bool> Connection::send_body(std::string_view body, bool last, const std::string& trailers) {
  const bool is_head = head().method == "HEAD";
  const bool there = co_await ServerConnection::send_body(is_head ? std::string_view{} : body, last, trailers);
  co_return there;
}

http::Task<int> Connection::send(api::Response response, const std::string& id) {
  auto fields = field_lines(response.fields, id);
  co_return co_await send_answer(*this, response.status, std::move(fields), std::move(response.body));
}

http::Task<void> Connection::refuse_head(http::HeadError error) {
  const auto id = request_id_of({});
  const bool is_large = error.kind == http::HeadError::Kind::too_large;
  auto refused = error_response({ErrorCode::usage,
                                 "the request is not sound HTTP/1.1: " + std::string{error.message},
                                 {},
                                 is_large ? "headers_too_large" : ""},
                                id);
  const int status = co_await send(std::move(refused), id);
  site_.metrics.add_request("site", status, {});
}

}  // namespace runagents::server
