#include "core/api/answer.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/client.hpp"
#include "core/api/reason.hpp"
#include "core/ascii.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

/// A finding of a validator: {"loc": ["body", "name"], "msg": "field required"}.
std::string finding_text(const Json& finding) {
  if (finding.is_string()) return finding.get<std::string>();
  if (!finding.is_object()) return {};
  std::string text;
  if (const auto loc = finding.find("loc"); loc != finding.end() && loc->is_array() && !loc->empty()) {
    text = loc->back().is_string() ? loc->back().get<std::string>() + ": " : std::string{};
  }
  return text + text_of(finding, "msg");
}

std::string detail_text(const Json& json) {
  const auto found = json.find("detail");
  if (found == json.end() || !found->is_array()) return text_of(json, "detail");
  std::string text;
  for (const auto& finding : *found) {
    const auto one = finding_text(finding);
    if (!one.empty()) text += (text.empty() ? "" : "; ") + one;
  }
  return text;
}

/// What a text of the published API stands for.
struct Phrase {
  std::string_view text;  ///< lower case, somewhere in the answer
  int status;
  ErrorCode code;
  std::string_view reason;
};

constexpr std::array phrases = {
    Phrase{"no credentials available", 401, ErrorCode::needs_person, "no_credentials"},
    Phrase{"oauth session not found", 401, ErrorCode::needs_person, "oauth_session_not_found"},
    Phrase{"oauth session expired", 401, ErrorCode::needs_person, "oauth_session_expired"},
    Phrase{"invalid_client", 401, ErrorCode::unauthenticated, "invalid_client"},
    Phrase{"no valid delegation", 403, ErrorCode::forbidden, "no_delegation"},
    Phrase{"user is deactivated", 403, ErrorCode::forbidden, "user_deactivated"},
    Phrase{"policy denied", 403, ErrorCode::forbidden, "policy_denied"},
};

struct OAuthError {
  std::string_view word;
  ErrorCode code;
};

/// RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3.1; RFC 7009, 2.2.1; RFC 8628, 3.5; RFC 8693, 2.2.2.
constexpr std::array oauth_errors = {
    OAuthError{"invalid_client", ErrorCode::unauthenticated},
    OAuthError{"invalid_token", ErrorCode::unauthenticated},
    OAuthError{"unauthorized_client", ErrorCode::forbidden},
    OAuthError{"access_denied", ErrorCode::forbidden},
    OAuthError{"insufficient_scope", ErrorCode::forbidden},
    OAuthError{"invalid_grant", ErrorCode::forbidden},
    OAuthError{"invalid_scope", ErrorCode::usage},
    OAuthError{"invalid_request", ErrorCode::usage},
    OAuthError{"invalid_target", ErrorCode::usage},
    OAuthError{"unsupported_grant_type", ErrorCode::usage},
    OAuthError{"unsupported_token_type", ErrorCode::usage},
    OAuthError{"authorization_pending", ErrorCode::needs_person},
    OAuthError{"slow_down", ErrorCode::needs_person},
    OAuthError{"expired_token", ErrorCode::needs_person},
};

void read_phrase(const Response& response, std::string_view text, Error& error) {
  const auto lower = lowered(text);
  for (const auto& phrase : phrases) {
    if (phrase.status != response.status || !lower.contains(phrase.text)) continue;
    error.code = phrase.code;
    error.reason = phrase.reason;
    return;
  }
}

void read_oauth(const Json& json, const Response& response, Error& error) {
  const auto word = text_of(json, "error");
  const auto* found = std::ranges::find(oauth_errors, word, &OAuthError::word);
  if (found == oauth_errors.end()) return;
  // A grant that the server does not like is 403 where it says so, and 400 where the request is malformed.
  const bool is_malformed = found->code == ErrorCode::forbidden && response.status == 400;
  error.code = is_malformed ? ErrorCode::usage : found->code;
  error.reason = word;
  const auto description = text_of(json, "error_description");
  error.message = description.empty() ? word : word + ": " + description;
}

void read_code(const std::string& code, Error& error) {
  if (const auto known = error_code_of(code)) {
    error.code = *known;
    error.reason.clear();
    return;
  }
  error.reason = code;
  if (const auto* reason = find_reason(code)) error.code = reason->code;
}

ErrorCode code_of_status(int status) {
  if (status == 408 || status == 429) return ErrorCode::unavailable;
  return error_code_of_status(status);
}

}  // namespace

Error error_of(const Response& response) {
  Error error{code_of_status(response.status), {}};
  const Json json = Json::parse(response.body, nullptr, false);
  if (json.is_object()) {
    const auto detail = detail_text(json);
    error.message = text_of(json, "error");
    if (error.message.empty()) error.message = detail;
    error.hint = text_of(json, "hint");
    read_oauth(json, response, error);
    read_phrase(response, error.message + " " + detail, error);
    if (const auto code = text_of(json, "code"); !code.empty()) read_code(code, error);
  }
  if (response.status == 405) {
    error.code = ErrorCode::unavailable;
    error.reason = "not_offered";
  }
  if (error.message.empty()) {
    error.message = "the control plane answered with status " + std::to_string(response.status);
  }
  return error;
}

Result<Json> json_of(const Response& response) {
  if (response.body.empty()) return Json{};
  auto json = Json::parse(response.body, nullptr, false);
  if (json.is_discarded()) return fail(ErrorCode::unavailable, "the control plane's answer is not JSON");
  return json;
}

Result<Page> page_of(Json json) {
  Page page;
  Json* list = json.is_array() ? &json : nullptr;
  if (json.is_object()) {
    for (auto& [name, value] : json.items()) {
      if (value.is_array() && (list == nullptr || name == "data")) list = &value;
    }
    page.is_counted = json.contains("data") && !json.contains("next_cursor");
    page.next_cursor = text_of(json, "next_cursor");
  }
  if (list == nullptr) return fail(ErrorCode::unavailable, "the control plane's answer is no list");
  page.items.assign(std::make_move_iterator(list->begin()), std::make_move_iterator(list->end()));
  return page;
}

}  // namespace runagents::api
