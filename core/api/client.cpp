#include "core/api/client.hpp"

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/api/answer.hpp"
#include "core/auth/percent.hpp"
#include "core/config/secret.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t page_size = 100;
constexpr std::size_t max_items = 100'000;

std::string id_of_first(const std::vector<Json>& items) {
  return items.empty() ? std::string{} : text_of(items[0], "id");
}

Error explain_missing_list(Error error, const Target& target) {
  if (error.code != ErrorCode::not_found && error.reason != "not_offered") return error;
  const auto path = target.text().substr(0, target.text().find('?'));
  return {ErrorCode::unavailable, "this server does not offer " + path + ": " + error.message,
          "it may speak a part of the API only", "not_offered"};
}

}  // namespace

Result<Json> Client::exchange(const Request& request) {
  const auto response = transport_.send(request);
  if (!response) return std::unexpected(response.error());
  if (response->status < 200 || response->status > 299) return std::unexpected(error_of(*response));
  return json_of(*response);
}

Result<Json> Client::get(const Target& target) { return exchange({"GET", target.text(), {}}); }

Result<Json> Client::post(const Target& target, const Json& body) {
  return exchange({"POST", target.text(), dump(body)});
}

Result<Json> Client::put(const Target& target, const Json& body) {
  return exchange({"PUT", target.text(), dump(body)});
}

Result<Json> Client::patch(const Target& target, const Json& body) {
  return exchange({"PATCH", target.text(), dump(body)});
}

Result<Json> Client::remove(const Target& target) { return exchange({"DELETE", target.text(), {}}); }

Result<Json> Client::post_once(const Target& target, const Json& body) {
  return exchange({.method = "POST", .target = target.text(), .body = dump(body), .fields = {}, .at_most_once = true});
}

Result<Json> Client::post_form(const Target& target, const std::vector<FormField>& form) {
  Request request{"POST", target.text(), {}, {{"content-type", "application/x-www-form-urlencoded"}}};
  for (const auto& [name, value] : form) {
    if (!request.body.empty()) request.body += '&';
    auto encoded = auth::percent_encoded(value);
    request.body.append(name).append("=").append(encoded);
    config::wipe(encoded);
  }
  auto answer = exchange(request);
  config::wipe(request.body);
  return answer;
}

Result<std::vector<Json>> Client::list(const Target& target, std::size_t limit) {
  std::vector<Json> all;
  const std::size_t wanted = limit == 0 ? max_items : limit;
  std::string cursor;
  std::string first;
  while (true) {
    Target page_target = target;
    page_target.parameter("limit", std::min(page_size, wanted - all.size())).parameter("cursor", cursor);
    if (cursor.empty() && !all.empty()) page_target.parameter("skip", all.size());
    auto json = get(page_target);
    if (!json) return std::unexpected(explain_missing_list(std::move(json.error()), target));
    auto page = page_of(std::move(*json));
    if (!page) return std::unexpected(std::move(page.error()));
    // A server that does not know `skip` begins again.
    const auto id = id_of_first(page->items);
    if (!all.empty() && cursor.empty() && !id.empty() && id == first) return all;
    if (all.empty()) first = id;
    const bool is_full = page->items.size() >= page_size;
    std::ranges::move(page->items, std::back_inserter(all));
    if (all.size() >= wanted) break;
    cursor = page->next_cursor;
    if (cursor.empty() && !(page->is_counted && is_full)) break;
  }
  all.resize(std::min(all.size(), wanted));
  return all;
}

std::string text_of(const Json& object, std::string_view name) {
  if (!object.is_object()) return {};
  const auto found = object.find(std::string{name});
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

bool is_set(const Json& object, std::string_view name) {
  if (!object.is_object()) return false;
  const auto found = object.find(std::string{name});
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace runagents::api
