#include "server/routes/management.hpp"

#include <algorithm>

#include "core/config/secret.hpp"
#include "server/request_id.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

constexpr std::uint64_t max_limit = 1000;

// The query of the target without the cursor that it came with.
std::string other_parameters(std::string_view target) {
  std::string kept;
  const std::size_t mark = target.find('?');
  std::string_view query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    if (!part.empty() && !part.starts_with("cursor=")) kept.append(part).append("&");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return kept;
}

}  // namespace

Actor actor_of(const Incoming& request) { return {request.principal(), request_id_of(request.field("x-request-id"))}; }

Result<Paging> paging_of(const Incoming& request, std::uint32_t default_limit) {
  const auto limit = request.number("limit", default_limit, max_limit);
  if (!limit) return std::unexpected(limit.error());
  return Paging{static_cast<std::uint32_t>(*limit), request.query("cursor")};
}

Result<std::optional<bool>> flag_of(const Incoming& request, const std::string& name, std::optional<bool> fallback) {
  const auto text = request.query(name);
  if (text.empty()) return fallback;
  if (text == "all") return std::nullopt;
  if (text != "true" && text != "false") {
    return fail(ErrorCode::usage, "parameter \"" + name + "\" must be true, false or all");
  }
  return text == "true";
}

Result<std::optional<model::Time>> time_of(const Incoming& request, const std::string& name) {
  auto text = request.query(name);
  if (text.empty()) return std::nullopt;
  constexpr std::size_t date_size = 10;
  if (text.size() == date_size) text += "T00:00:00Z";
  const auto time = model::from_iso8601(text);
  if (!time) return fail(ErrorCode::usage, "parameter \"" + name + "\" must be an ISO 8601 time or date");
  return time;
}

void add_next(Outgoing& answer, const Incoming& request, const std::string& cursor) {
  if (cursor.empty()) return;
  answer.fields.emplace_back(
      "link", "<?" + other_parameters(request.request().target) + "cursor=" + cursor + R"(>; rel="next")");
  answer.fields.emplace_back("x-next-cursor", cursor);
}

Outgoing secret_answer(nlohmann::ordered_json json, const char* member, std::string_view secret, int status) {
  json[member] = secret;
  Outgoing answer{status, json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
  config::wipe(json[member].get_ref<std::string&>());
  answer.fields.emplace_back("cache-control", "no-store");
  return answer;
}

Router::Route& add_change(Router& router, AuditLog& audit, std::string_view method, std::string_view path_template,
                          Access access, std::string action, Handler handler) {
  const bool has_parameter = path_template.contains("{}");
  Refused note = [&audit, has_parameter, action = std::move(action)](const Incoming& request) {
    // Only ids: somebody may have put a key into the path.
    const bool has_id = has_parameter && is_uuid(request.parameter(0));
    return audit.add(actor_of(request),
                     {.action = action, .object = has_id ? request.parameter(0) : "", .outcome = "refused"});
  };
  auto& route = router.add(method, path_template, access,
                           [note, handler = std::move(handler)](const Incoming& request) -> Result<Outgoing> {
                             auto outcome = handler(request);
                             if (outcome || outcome.error().code != ErrorCode::forbidden) return outcome;
                             if (auto noted = note(request); !noted) return std::unexpected(std::move(noted.error()));
                             return outcome;
                           });
  route.refused = note;
  return route;
}

}  // namespace runagents::server
