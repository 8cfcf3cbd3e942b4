// A provider's answer: the first byte chooses the two APIs and whether it is a stream, the second one how it is cut.
// What the caller gets does not depend on the cut, and is JSON, or events whose data are, whatever the provider sent.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/llm/answer.hpp"
#include "core/mcp/event_stream.hpp"

namespace {

using namespace runagents::llm;

constexpr std::array callers = {Api::openai_chat, Api::openai_responses, Api::anthropic_messages};
constexpr std::array providers = {Api::openai_chat, Api::anthropic_messages, Api::bedrock_converse, Api::ollama_chat};
constexpr AnswerLimits limits{.max_answer_bytes = 1U << 16U,
                              .max_error_bytes = 1U << 12U,
                              .max_event_bytes = 1U << 14U,
                              .max_kept_bytes = 1U << 14U,
                              .max_blocks = 16};

struct Outcome {
  std::string out;
  int status = 0;
  bool is_whole = false;
};

Outcome run(const AnswerPlan& plan, int status, bool is_json, std::string_view bytes, std::size_t step) {
  AnswerTranslator answer{
      plan,
      {.status = status, .content_type = is_json ? "application/json" : "text/event-stream", .created = 1, .id = "x"},
      limits};
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += step) answer.feed(bytes.substr(at, step), outcome.out);
  answer.finish(outcome.out);
  if (!answer.is_done()) std::abort();
  outcome.status = answer.status();
  outcome.is_whole = answer.is_whole();
  return outcome;
}

void check_events(const std::string& stream) {
  runagents::mcp::EventStreamReader reader{1U << 24U};
  std::vector<runagents::mcp::ServerEvent> events;
  if (!reader.feed(stream, events) || !reader.rest().empty()) std::abort();
  for (const auto& event : events) {
    if (event.data != "[DONE]" && !nlohmann::json::accept(event.data)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const AnswerPlan plan{.caller = callers[data[0] % callers.size()],
                        .provider = providers[data[0] / 3 % providers.size()],
                        .stream = (data[0] & 0x40U) != 0,
                        .wants_usage = (data[1] & 0x80U) != 0,
                        .usage_added = (data[1] & 0x40U) != 0,
                        .model = "m",
                        .encrypted_reasoning = true,
                        .echo = nullptr};
  const bool is_json = !plan.stream || (data[1] & 0x20U) != 0;
  const int status = (data[0] & 0x80U) != 0 ? 429 : 200;
  const std::size_t step = data[1] % 16 + 1U;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 2), size - 2};
  const auto whole = run(plan, status, is_json, bytes, bytes.size() + 1);
  const auto cut = run(plan, status, is_json, bytes, step);
  if (whole.out != cut.out || whole.status != cut.status) std::abort();
  if (plan.is_native()) return 0;
  if (whole.is_whole) {
    if (!nlohmann::json::accept(whole.out)) std::abort();
  } else {
    check_events(whole.out);
  }
  return 0;
}
