#include "core/llm/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace runagents::llm {
namespace {

using Json = nlohmann::ordered_json;

struct ErrorType {
  int status;
  std::string_view openai;
  std::string_view anthropic;
};

// platform.openai.com/docs/guides/error-codes; platform.claude.com/docs/en/api/errors
constexpr std::array error_types = {
    ErrorType{400, "invalid_request_error", "invalid_request_error"},
    ErrorType{401, "authentication_error", "authentication_error"},
    ErrorType{402, "billing_error", "billing_error"},
    ErrorType{403, "permission_error", "permission_error"},
    ErrorType{404, "invalid_request_error", "not_found_error"},
    ErrorType{408, "timeout_error", "timeout_error"},
    ErrorType{413, "invalid_request_error", "request_too_large"},
    ErrorType{429, "rate_limit_error", "rate_limit_error"},
    ErrorType{503, "server_error", "overloaded_error"},
    ErrorType{504, "timeout_error", "timeout_error"},
    ErrorType{529, "server_error", "overloaded_error"},
};

std::string_view error_type(Api caller, int status) {
  const bool anthropic = caller == Api::anthropic_messages || caller == Api::anthropic_count_tokens;
  const auto* found = std::ranges::find(error_types, status, &ErrorType::status);
  if (found != error_types.end()) return anthropic ? found->anthropic : found->openai;
  if (status < 500) return "invalid_request_error";
  return anthropic ? "api_error" : "server_error";
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json error_object(Api caller, const Problem& problem) {
  const auto type = error_type(caller, problem.status);
  if (caller != Api::anthropic_messages && caller != Api::anthropic_count_tokens) {
    return {{"error",
             {{"message", problem.message},
              {"type", type},
              {"param", or_null(problem.field)},
              {"code", or_null(problem.code)}}}};
  }
  const bool is_named = problem.field.empty() || problem.message.contains(problem.field);
  Json error = {{"type", type}, {"message", is_named ? problem.message : problem.field + ": " + problem.message}};
  if (!problem.code.empty()) error["code"] = problem.code;
  return {{"type", "error"}, {"error", std::move(error)}};
}

}  // namespace

Problem unsupported(std::string field, std::string_view why) {
  auto message = "\"" + field + "\" " + std::string{why};
  return {.status = 400, .message = std::move(message), .code = "unsupported_parameter", .field = std::move(field)};
}

Problem invalid(std::string field, std::string_view why) {
  auto message = "\"" + field + "\" " + std::string{why};
  return {.status = 400, .message = std::move(message), .code = "invalid_value", .field = std::move(field)};
}

std::string problem_body(Api caller, const Problem& problem) { return dump(error_object(caller, problem)); }

std::string problem_event(Api caller, const Problem& problem, std::uint64_t sequence_number) {
  if (caller == Api::anthropic_messages) return "event: error\ndata: " + problem_body(caller, problem) + "\n\n";
  if (caller != Api::openai_responses) return "data: " + problem_body(caller, problem) + "\n\n";
  // OpenAI documents the members beside `error`, and its clients look for `error`.
  auto error = error_object(caller, problem)["error"];
  const Json event = {{"type", "error"},
                      {"code", problem.code.empty() ? error["type"] : error["code"]},
                      {"message", problem.message},
                      {"param", error["param"]},
                      {"sequence_number", sequence_number},
                      {"error", std::move(error)}};
  return "event: error\ndata: " + dump(event) + "\n\n";
}

}  // namespace runagents::llm
