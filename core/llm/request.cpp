#include "core/llm/request.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {
namespace {

// What decides where a request goes and what it may cost. Servers that ignore case must not read another one.
constexpr std::array deciding = {
    std::string_view{"model"},
    std::string_view{"stream"},
    std::string_view{"stream_options"},
    std::string_view{"n"},
    std::string_view{"max_tokens"},
    std::string_view{"max_completion_tokens"},
    std::string_view{"max_output_tokens"},
};

void check_names(const Json& body, Findings& findings) {
  std::unordered_set<std::string> seen;
  for (const auto& [name, value] : body.items()) {
    auto folded = auth::folded_name(name);
    const bool is_disguised = folded != name && std::ranges::find(deciding, folded) != deciding.end();
    if (is_disguised || !seen.insert(std::move(folded)).second) {
      return findings.refuse_invalid(name, "is another member's name but for upper and lower case");
    }
  }
}

/// Saturates.
std::uint64_t times(std::uint64_t count, std::uint64_t factor) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  return factor != 0 && count > most / factor ? most : count * factor;
}

void read_limit(Members& body, Request& request, Findings& findings) {
  for (const auto* const name : {"max_tokens", "max_completion_tokens", "max_output_tokens"}) {
    const auto limit = body.count(name);
    if (!limit) continue;
    if (*limit == 0) findings.refuse_invalid(name, "must be above 0");
    request.max_output_tokens = std::max(request.max_output_tokens.value_or(0), *limit);
  }
  if (const auto choices = body.count("n"); choices && request.max_output_tokens) {
    request.max_output_tokens = times(*request.max_output_tokens, *choices);
  }
}

void read_stream(Members& body, Request& request) {
  request.stream = body.flag("stream").value_or(false);
  request.wants_usage = request.api != Api::openai_chat;
  if (request.api != Api::openai_chat) return;
  if (const auto* options = body.object("stream_options")) {
    request.wants_usage = Members{*options, "stream_options", body.findings()}.flag("include_usage").value_or(false);
  }
}

}  // namespace

std::expected<Request, Problem> read_request(Api api, std::string body) {
  auto json = auth::read_strict_ordered_json(body, {.max_depth = max_request_depth});
  if (!json) {
    return std::unexpected(
        Problem{.status = 400, .message = "the body " + json.error(), .code = "invalid_json", .field = {}});
  }
  Request request;
  request.api = api;
  Findings findings;
  check_names(*json, findings);
  Members members{*json, {}, findings};
  request.model = members.required_text("model");
  if (!findings.problem() && request.model.empty()) findings.refuse_invalid("model", "must not be empty");
  read_stream(members, request);
  read_limit(members, request, findings);
  if (findings.problem()) return std::unexpected(*findings.problem());
  request.estimated_input_tokens = estimated_tokens(*json);
  request.body = std::move(body);
  request.json = std::make_shared<const Json>(*std::move(json));
  return request;
}

std::string count_tokens_body(const Request& request) {
  return Json{{"input_tokens", request.estimated_input_tokens}}.dump();
}

}  // namespace runagents::llm
