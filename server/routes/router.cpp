#include "server/routes/router.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/target.hpp"
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
    if (!decoded) return fail(ErrorCode::usage, "the path is not correctly percent-encoded");
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
    if (!name || !value) return fail(ErrorCode::usage, "the query is not correctly percent-encoded");
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

api::Response error_response(const Error& error, int status) {
  const nlohmann::ordered_json body = {
      {"error", error.message},
      {"code", word(error.code)},
      {"detail", error.hint},
      {"request_id", new_uuid().value_or("")},
  };
  return {status, body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
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

Result<nlohmann::ordered_json> Incoming::json() const {
  if (body_.empty()) return nlohmann::ordered_json::object();
  auto json = nlohmann::ordered_json::parse(body_, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::usage, "the body must be a JSON object");
  return json;
}

void Router::add(std::string_view method, std::string_view path_template, Handler handler) {
  routes_.push_back({std::string{method}, split(path_template, '/'), std::move(handler)});
}

Result<Outgoing> Router::dispatch(const api::Request& request) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto path = path_segments(target.substr(0, mark));
  if (!path) return std::unexpected(path.error());
  auto query = query_parameters(target.substr(std::min(mark + 1, target.size())));
  if (!query) return std::unexpected(query.error());

  const Route* best = nullptr;
  std::size_t best_matches = 0;
  for (const Route& route : routes_) {
    const auto matches = route.method == request.method ? literal_matches(route.segments, *path) : std::nullopt;
    if (!matches || (best != nullptr && *matches <= best_matches)) continue;
    best = &route;
    best_matches = *matches;
  }
  if (best == nullptr) {
    return fail(ErrorCode::not_found,
                "the control plane has no " + request.method + " " + std::string{target.substr(0, mark)});
  }
  std::vector<std::string> parameters;
  for (std::size_t i = 0; i < path->size(); ++i) {
    if (best->segments[i] == placeholder) parameters.push_back((*path)[i]);
  }
  return best->handler(Incoming{std::move(parameters), std::move(*query), request.body});
}

api::Response Router::answer(const api::Request& request) const {
  try {
    auto outcome = dispatch(request);
    if (!outcome) return error_response(outcome.error(), http_status(outcome.error().code));
    return {outcome->status, std::move(outcome->body)};
  } catch (const std::exception&) {
    // What it says may quote data.
    return error_response({ErrorCode::internal, "the control plane failed at " + request.method, {}}, 500);
  }
}

}  // namespace runagents::server
