#include "server/routes/router.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/reason.hpp"
#include "core/api/target.hpp"
#include "core/auth/strict_json.hpp"
#include "core/utf8.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view placeholder = "{}";

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Result<std::vector<std::string>> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string& part : split(path, '/')) {
    auto decoded = api::percent_decoded(part);
    if (!decoded || !is_utf8(*decoded)) {
      return fail(ErrorCode::usage, "the path is not UTF-8 that is correctly percent-encoded");
    }
    segments.push_back(std::move(*decoded));
  }
  return segments;
}

Result<std::map<std::string, std::string>> query_parameters(std::string_view query) {
  std::map<std::string, std::string> parameters;
  for (const std::string& part : split(query, '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    auto name = api::percent_decoded(part.substr(0, equals));
    auto value = api::percent_decoded(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) {
      return fail(ErrorCode::usage, "the query is not UTF-8 that is correctly percent-encoded");
    }
    if (!parameters.emplace(std::move(*name), std::move(*value)).second) {
      return fail(ErrorCode::usage, "a query parameter is given twice");
    }
  }
  return parameters;
}

// How many segments are equal literally; nothing when the path does not fit.
std::optional<std::size_t> literal_matches(const std::vector<std::string>& pattern,
                                           const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::size_t matches = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == placeholder) continue;
    if (pattern[i] != path[i]) return std::nullopt;
    ++matches;
  }
  return matches;
}

/// A HEAD is a GET whose body nobody sends (RFC 9110, section 9.3.2).
std::string_view method_of(const api::Request& request) {
  return request.method == "HEAD" ? std::string_view{"GET"} : std::string_view{request.method};
}

std::string joined(const std::set<std::string>& methods) {
  std::string list;
  for (const auto& method : methods) (list += list.empty() ? "" : ", ") += method;
  return list;
}

/// No route has this method and this path. `allowed`: those of other routes with the path.
api::Response no_route(const api::Request& request, const std::set<std::string>& allowed) {
  const auto path = request.target.substr(0, request.target.find('?'));
  auto response = error_response({ErrorCode::not_found, "the control plane has no " + request.method + " " + path},
                                 api::field(request.fields, "x-request-id"));
  if (allowed.empty()) return response;
  response.status = 405;
  if (request.method == "OPTIONS") response = {204, {}};
  response.fields.emplace_back("allow", joined(allowed));
  return response;
}

/// Where the store is, and why it does not answer, is nothing for those who are not known.
Error for_strangers(const Error& error) {
  if (error.code != ErrorCode::unavailable) return error;
  return {ErrorCode::unavailable, "the control plane cannot reach its store", "try again in a moment", error.reason};
}

int status_of(const Error& error) {
  const auto* reason = api::find_reason(error.reason);
  return reason != nullptr ? reason->http_status : http_status(error.code);
}

bool permits(Access access, const Principal& principal) {
  switch (access) {
    case Access::anybody:
    case Access::any_agent:
      return true;
    case Access::user:
      return principal.is_person();
    case Access::developer:
      return principal.may(Role::developer);
    case Access::admin:
      return principal.may(Role::admin);
    case Access::local:
      break;
  }
  return principal.is_local();
}

Error not_permitted(Access access, const Principal& principal) {
  if (!principal.is_person()) {
    return {ErrorCode::forbidden, "an agent account may not do that", "use a user's API key or token"};
  }
  if (access == Access::local) {
    return {ErrorCode::forbidden, "only the owner of the embedded store may do that", {}};
  }
  const std::string_view needed = access == Access::admin ? "admin" : "developer";
  return {ErrorCode::forbidden, "that takes the role " + std::string{needed},
          "the credential has the role " + std::string{word(principal.role)}};
}

}  // namespace

std::string Incoming::query(const std::string& name) const {
  const auto found = query_.find(name);
  return found == query_.end() ? std::string{} : found->second;
}

Result<std::uint64_t> Incoming::number(const std::string& name, std::uint64_t fallback, std::uint64_t max) const {
  const std::string text = query(name);
  if (text.empty()) return fallback;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value > max) {
    return fail(ErrorCode::usage, "query parameter \"" + name + "\" must be a number from 0 to " + std::to_string(max));
  }
  return value;
}

Result<nlohmann::ordered_json> Incoming::json(std::size_t max_depth) const {
  if (body().empty()) return nlohmann::ordered_json::object();
  auto json = auth::read_strict_ordered_json(body(), {.max_depth = max_depth});
  if (!json) return fail(ErrorCode::usage, "the body must be a JSON object: it " + json.error());
  return *std::move(json);
}

struct Router::Found {
  const Route* route = nullptr;  ///< null: none
  std::vector<std::string> parameters;
  std::map<std::string, std::string> query;
  std::set<std::string> allowed;
};

Router::Route& Router::add(std::string_view method, std::string_view path_template, Access access, Handler handler,
                           QueryReader query_reader) {
  return routes_.emplace_back(std::string{method}, split(path_template, '/'), access, std::move(handler), query_reader);
}

Result<Router::Found> Router::find(const api::Request& request) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto path = path_segments(target.substr(0, mark));
  if (!path) return std::unexpected(path.error());

  Found found;
  std::size_t best_matches = 0;
  for (const Route& route : routes_) {
    const auto matches = literal_matches(route.segments, *path);
    if (!matches) continue;
    found.allowed.insert(route.method);
    if (route.method == "GET") found.allowed.insert("HEAD");
    if (route.method != method_of(request)) continue;
    if (found.route == nullptr || *matches > best_matches) {
      found.route = &route;
      best_matches = *matches;
    }
  }
  if (found.route == nullptr) return found;
  if (found.route->query_reader == QueryReader::router) {
    auto read = query_parameters(target.substr(std::min(mark + 1, target.size())));
    if (!read) return std::unexpected(std::move(read.error()));
    found.query = std::move(*read);
  }
  for (std::size_t i = 0; i < path->size(); ++i) {
    if (found.route->segments[i] == placeholder) found.parameters.push_back((*path)[i]);
  }
  return found;
}

api::Response Router::answer_known(const Found& found, const api::Request& request, const Principal& principal,
                                   const Around& around) const {
  const auto& route = *found.route;
  const auto request_id = api::field(request.fields, "x-request-id");
  const auto work = [&]() -> api::Response {
    auto outcome = route.handler(Incoming{request, found.parameters, found.query, principal});
    if (!outcome && route.access == Access::anybody) return error_response(for_strangers(outcome.error()), request_id);
    if (!outcome) return error_response(outcome.error(), request_id);
    return {outcome->status, std::move(outcome->body), std::move(outcome->fields), outcome->may_change};
  };
  if (!around || route.access == Access::anybody || route.is_repeatable) return work();
  return around(principal, work);
}

api::Response Router::refused(const Found& found, const api::Request& request, const Principal& principal) {
  const auto& route = *found.route;
  const auto request_id = api::field(request.fields, "x-request-id");
  if (route.refused) {
    const auto noted = route.refused(Incoming{request, found.parameters, found.query, principal});
    if (!noted) return error_response(noted.error(), request_id);
  }
  return error_response(not_permitted(route.access, principal), request_id);
}

api::Response Router::answer(const api::Request& request, const Authenticate& authenticate,
                             const Around& around) const {
  const auto request_id = api::field(request.fields, "x-request-id");
  try {
    const auto found = find(request);
    if (!found) return error_response(found.error(), request_id);
    if (found->route == nullptr) return no_route(request, found->allowed);
    const auto access = found->route->access;
    Principal principal;
    if (access != Access::anybody) {
      auto known = authenticate(request);
      if (!known) return error_response(for_strangers(known.error()), request_id);
      principal = std::move(*known);
      if (!permits(access, principal)) return refused(*found, request, principal);
    }
    return answer_known(*found, request, principal, around);
  } catch (const std::exception&) {
    // What it says may quote data.
    return error_response({ErrorCode::internal, "the control plane failed at " + request.method}, request_id);
  }
}

api::Response error_response(const Error& error, std::string_view request_id) {
  const nlohmann::ordered_json body = {
      {"error", error.message},
      {"code", error.reason.empty() ? std::string{word(error.code)} : error.reason},
      {"detail", error.message},
      {"hint", error.hint},
      {"request_id", request_id.empty() ? new_uuid().value_or("") : std::string{request_id}},
  };
  api::Response response{status_of(error), body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
  if (error.code == ErrorCode::unauthenticated) {
    response.fields.emplace_back("www-authenticate", error.reason == "invalid_token"
                                                         ? R"(Bearer realm="runagents", error="invalid_token")"
                                                         : R"(Bearer realm="runagents")");
  }
  return response;
}

}  // namespace runagents::server
