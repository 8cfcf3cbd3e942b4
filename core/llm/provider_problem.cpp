#include <algorithm>
#include <array>
#include <utility>

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t max_message = 2000;
constexpr std::size_t max_code = 64;

struct Word {
  std::string_view word;
  int status;
};

// Words with which errors name themselves inside of streams, where no status is left to say it.
constexpr std::array words = {
    Word{"rate_limit_error", 429},        Word{"rate_limit_exceeded", 429}, Word{"insufficient_quota", 429},
    Word{"throttlingException", 429},     Word{"overloaded_error", 529},    Word{"serviceUnavailableException", 503},
    Word{"invalid_request_error", 400},   Word{"validationException", 400}, Word{"authentication_error", 401},
    Word{"permission_error", 403},        Word{"billing_error", 402},       Word{"not_found_error", 404},
    Word{"request_too_large", 413},       Word{"timeout_error", 504},       Word{"modelTimeoutException", 504},
    Word{"context_length_exceeded", 400}, Word{"content_filter", 400},
};

bool is_about_credential(int status) { return status == 401 || status == 402 || status == 403; }

/// A machine word, and nothing that somebody's key could be.
std::string code_of(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
  };
  return text.size() <= max_code && std::ranges::all_of(text, is_plain) ? std::string{text} : std::string{};
}

std::string cut(std::string_view text) {
  if (text.size() <= max_message) return std::string{text};
  auto end = max_message;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;  // not inside of a character
  return std::string{text.substr(0, end)} + "...";
}

struct Told {
  std::string_view message;
  std::string_view type;
  std::string_view code;
};

Told read_error(const Json& error) {
  if (error.is_string()) return {.message = error.get_ref<const std::string&>(), .type = {}, .code = {}};
  Told told{.message = find_text(error, "message"), .type = find_text(error, "type"), .code = find_text(error, "code")};
  if (told.message.empty()) told.message = find_text(error, "Message");  // some of Bedrock's
  if (told.message.empty()) told.message = find_text(error, "detail");   // FastAPI's
  return told;
}

Problem make(int status, const Told& told) {
  auto code = code_of(told.code);
  if (code.empty()) code = code_of(told.type);
  if (is_about_credential(status)) {
    return {.status = 502,
            .message = "the provider refused the gateway's credential" + (code.empty() ? "" : " (" + code + ")"),
            .code = std::string{unauthorized_code},
            .field = {}};
  }
  if (status == 529) status = 503;  // Anthropic's alone
  auto message = told.message.empty() ? "the provider answered with an error" : cut(told.message);
  return {.status = status, .message = std::move(message), .code = std::move(code), .field = {}};
}

int status_of(std::string_view word) {
  const auto* found = std::ranges::find(words, word, &Word::word);
  return found == words.end() ? 0 : found->status;
}

}  // namespace

Problem error_in_answer(const Json& error) {
  const auto told = read_error(error);
  auto status = status_of(told.code);
  if (status == 0) status = status_of(told.type);
  if (const auto number = find_count(error, "code"); status == 0 && number && *number >= 400 && *number < 600) {
    status = static_cast<int>(*number);  // vLLM's
  }
  return make(status == 0 ? 502 : status, told);
}

Problem provider_problem(int status, std::string_view body) {
  const auto read = auth::read_strict_ordered_json(body, {.max_depth = max_answer_depth});
  const int known = status >= 400 && status < 600 ? status : 502;
  if (!read) return make(known, {});
  const auto* error = find(*read, "error");
  return make(known, read_error(error == nullptr ? *read : *error));
}

}  // namespace runagents::llm
