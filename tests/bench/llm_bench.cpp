#include <benchmark/benchmark.h>
#include <string>

#include "core/llm/answer.hpp"
#include "core/llm/event_frame.hpp"
#include "core/llm/translate.hpp"

// What one chunk of a model's stream costs, from the provider's bytes to the caller's, and what it costs to read and
// translate a request.

namespace {

using namespace runagents::llm;

constexpr std::string_view words = "These are the words of one chunk, a few more than mostly. ";

std::string begin_of(Api provider) {
  if (provider == Api::anthropic_messages) {
    return "event: message_start\ndata: "
           "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"c\"}}\n\n";
  }
  return {};
}

std::string chunk_of(Api provider) {
  const std::string text{words};
  switch (provider) {
    case Api::anthropic_messages:
      return "event: content_block_delta\ndata: "
             "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\","
             "\"text\":\"" +
             text + "\"}}\n\n";
    case Api::bedrock_converse:
      return write_frame(
          {.message_type = "event",
           .event_type = "contentBlockDelta",
           .error_code = {},
           .error_message = {},
           .payload = "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"" + text + "\"},\"p\":\"abcdefgh\"}"});
    case Api::ollama_chat:
      return "{\"model\":\"q\",\"created_at\":\"2025-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":"
             "\"" +
             text + "\"},\"done\":false}\n";
    case Api::openai_responses:
      return "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,"
             "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"" +
             text + "\",\"logprobs\":[]}\n\n";
    default:
      return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-5\","
             "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_1\",\"choices\":[{\"index\":0,\"delta\":{"
             "\"content\":\"" +
             text + "\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";
  }
}

void chunk(benchmark::State& state, Api caller, Api provider) {
  AnswerTranslator answer{{.caller = caller,
                           .provider = provider,
                           .stream = true,
                           .wants_usage = true,
                           .usage_added = caller == provider,
                           .model = "m",
                           .echo = nullptr},
                          {.status = 200, .content_type = "text/event-stream", .created = 1, .id = "x"},
                          {.max_kept_bytes = std::size_t{1} << 40U}};
  std::string out;
  answer.feed(begin_of(provider), out);
  const auto bytes = chunk_of(provider);
  for (auto _ : state) {
    out.clear();
    answer.feed(bytes, out);
    benchmark::DoNotOptimize(out);
  }
  if (answer.problem() != nullptr || out.empty()) state.SkipWithError("nothing was translated");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK_CAPTURE(chunk, anthropic_to_chat, Api::openai_chat, Api::anthropic_messages);
BENCHMARK_CAPTURE(chunk, anthropic_to_responses, Api::openai_responses, Api::anthropic_messages);
BENCHMARK_CAPTURE(chunk, bedrock_to_chat, Api::openai_chat, Api::bedrock_converse);
BENCHMARK_CAPTURE(chunk, bedrock_to_messages, Api::anthropic_messages, Api::bedrock_converse);
BENCHMARK_CAPTURE(chunk, ollama_to_chat, Api::openai_chat, Api::ollama_chat);
BENCHMARK_CAPTURE(chunk, chat_to_messages, Api::anthropic_messages, Api::openai_chat);
BENCHMARK_CAPTURE(chunk, chat_to_responses, Api::openai_responses, Api::openai_chat);
BENCHMARK_CAPTURE(chunk, chat_as_it_is, Api::openai_chat, Api::openai_chat);
BENCHMARK_CAPTURE(chunk, messages_as_they_are, Api::anthropic_messages, Api::anthropic_messages);
BENCHMARK_CAPTURE(chunk, responses_as_they_are, Api::openai_responses, Api::openai_responses);

/// A conversation of `turns` turns of 1 KB, with 20 tools.
std::string conversation(std::int64_t turns) {
  std::string text;
  while (text.size() < 1000) text += words;
  std::string body =
      "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":\"" + text + "\"}";
  for (std::int64_t i = 0; i < turns; ++i) {
    body += std::string{",{\"role\":\""} + (i % 2 == 0 ? "user" : "assistant") + "\",\"content\":\"" + text + "\"}";
  }
  body += "],\"tools\":[";
  for (int i = 0; i < 20; ++i) {
    if (i > 0) body += ',';
    body +=
        "{\"type\":\"function\",\"function\":{\"name\":\"tool_" + std::to_string(i) +
        "\",\"description\":\"Does what its name says.\",\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{"
        "\"type\":\"string\",\"description\":\"the first\"},\"b\":{\"type\":\"integer\"}},\"required\":[\"a\"]}}}";
  }
  return body + "]}";
}

void request(benchmark::State& state, Api provider) {
  const auto body = conversation(state.range(0));
  for (auto _ : state) {
    const auto read = read_request(Api::openai_chat, body);
    const auto translated = translate_request(*read, {.api = provider, .model = "anthropic.claude-x"});
    if (!translated) {
      state.SkipWithError("the request is refused");
      break;
    }
    benchmark::DoNotOptimize(translated->body);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(body.size()));
}

BENCHMARK_CAPTURE(request, as_it_is, Api::openai_chat)->ArgName("turns")->Arg(4)->Arg(100);
BENCHMARK_CAPTURE(request, to_anthropic, Api::anthropic_messages)->ArgName("turns")->Arg(4)->Arg(100);
BENCHMARK_CAPTURE(request, to_bedrock, Api::bedrock_converse)->ArgName("turns")->Arg(4)->Arg(100);

}  // namespace
