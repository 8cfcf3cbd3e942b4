#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "server/routes/router.hpp"
#include "server/service/actor.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

/// What the routes of users, accounts, servers and grants have in common. For .cpp files.

/// By whom the request is, and its id: `x-request-id` where that is a plain word, else a new one.
[[nodiscard]] Actor actor_of(const Incoming& request);

/// `limit` and `cursor` of the query.
[[nodiscard]] Result<Paging> paging_of(const Incoming& request, std::uint32_t default_limit = 1000);
/// A query parameter that is "true" or "false"; `fallback` when it is not there; nothing for "all".
[[nodiscard]] Result<std::optional<bool>> flag_of(const Incoming& request, const std::string& name,
                                                  std::optional<bool> fallback);
/// A query parameter that is an ISO 8601 time or date.
[[nodiscard]] Result<std::optional<model::Time>> time_of(const Incoming& request, const std::string& name);

/// Where the next page is: as a `link` (RFC 8288, relation "next") and as `x-next-cursor`.
void add_next(Outgoing& answer, const Incoming& request, const std::string& cursor);

/// A bare array; `next` goes into header fields.
template <class Value, class ToJson>
[[nodiscard]] Result<Outgoing> array_answer(const Incoming& request, const Result<Page<Value>>& page, ToJson to_json) {
  if (!page) return std::unexpected(page.error());
  auto list = nlohmann::ordered_json::array();
  for (const Value& value : page->items) list.push_back(to_json(value));
  Outgoing answer{200, list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
  add_next(answer, request, page->next);
  return answer;
}

/// `{"data": [...], "next_cursor": ...}`; the last page has null.
template <class Value, class ToJson>
[[nodiscard]] Result<Outgoing> data_answer(const Incoming& request, const Result<Page<Value>>& page, ToJson to_json) {
  if (!page) return std::unexpected(page.error());
  nlohmann::ordered_json json = {{"data", nlohmann::ordered_json::array()}, {"next_cursor", nullptr}};
  for (const Value& value : page->items) json["data"].push_back(to_json(value));
  if (!page->next.empty()) json["next_cursor"] = page->next;
  Outgoing answer{200, json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
  add_next(answer, request, page->next);
  return answer;
}

/// An answer that no cache may keep, with a secret in it that is wiped from `json`.
[[nodiscard]] Outgoing secret_answer(nlohmann::ordered_json json, const char* member, std::string_view secret,
                                     int status);

/// Adds a route that changes something. What it refuses to somebody is noted in the audit log as such; what it does is
/// noted by the service.
Router::Route& add_change(Router& router, AuditLog& audit, std::string_view method, std::string_view path_template,
                          Access access, std::string action, Handler handler);

}  // namespace runagents::server
