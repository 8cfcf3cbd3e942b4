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

void Router::add(std::string_view method, std::string_view path_template, Access access, Handler handler,
                 Refused refused) {
  routes_.push_back({std::string{method}, split(path_template, '/'), access, std::move(handler), std::move(refused)});
}

Result<Outgoing> Router::dispatch(const api::Request& request, const Authenticate& authenticate) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto path = path_segments(target.substr(0, mark));
  if (!path) return std::unexpected(path.error());
  auto query = query_parameters(target.substr(std::min(mark + 1, target.size())));
  if (!query) return std::unexpected(query.error());

  const Route* best = nullptr;
  std::size_t best_matches = 0;
  std::set<std::string_view> allowed;
  for (const Route& route : routes_) {
    const auto matches = literal_matches(route.segments, *path);
    if (!matches) continue;
    if (route.method != request.method) {
      allowed.insert(route.method);
    } else if (best == nullptr || *matches > best_matches) {
      best = &route;
      best_matches = *matches;
    }
  }
  if (best == nullptr) {
    auto error = Error{ErrorCode::not_found,
                       "the control plane has no " + request.method + " " + std::string{target.substr(0, mark)}};
    if (allowed.empty()) return std::unexpected(std::move(error));
    auto refused = error_response(error, api::field(request.fields, "x-request-id"));
    std::string methods;
    for (const auto method : allowed) methods.append(methods.empty() ? "" : ", ").append(method);
    return Outgoing{405, std::move(refused.body), {{"allow", std::move(methods)}}};
  }
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < path->size(); ++i) {
    if (best->segments[i] == placeholder) parameters.push_back((*path)[i]);
  }
  Principal principal;
  if (best->access != Access::anybody) {
    auto known = authenticate(request);
    if (!known) return std::unexpected(std::move(known.error()));
    principal = std::move(*known);
  }
  const Incoming incoming{request, std::move(parameters), std::move(*query), principal};
  if (permits(best->access, principal)) return best->handler(incoming);
  if (best->refused) {
    if (auto noted = best->refused(incoming); !noted) return std::unexpected(std::move(noted.error()));
  }
  return std::unexpected(not_permitted(best->access, principal));
}

api::Response Router::answer(const api::Request& request, const Authenticate& authenticate) const {
  const auto request_id = api::field(request.fields, "x-request-id");
  try {
    auto outcome = dispatch(request, authenticate);
    if (!outcome) return error_response(outcome.error(), request_id);
    return {outcome->status, std::move(outcome->body), std::move(outcome->fields), outcome->may_change};
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
