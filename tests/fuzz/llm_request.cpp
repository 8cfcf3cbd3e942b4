// A caller's body: the first byte chooses its API. Whatever is read can be sent to every provider as JSON, or is
// refused with a problem that can be told; the playground answers it or refuses it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/llm/playground.hpp"
#include "core/llm/translate.hpp"

using namespace runagents::llm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array callers = {Api::openai_chat, Api::openai_responses, Api::openai_embeddings,
                                  Api::anthropic_messages, Api::anthropic_count_tokens};
  constexpr std::array providers = {Api::openai_chat,        Api::openai_responses, Api::openai_embeddings,
                                    Api::anthropic_messages, Api::bedrock_converse, Api::ollama_chat,
                                    Api::ollama_embed};
  if (size == 0) return 0;
  const auto caller = callers[data[0] % callers.size()];
  const auto request = read_request(caller, std::string{reinterpret_cast<const char*>(data + 1), size - 1});
  if (!request) {
    if (request.error().status != 400 || !nlohmann::json::accept(problem_body(caller, request.error()))) std::abort();
    return 0;
  }
  for (const auto provider : providers) {
    const auto translated = translate_request(*request, {.api = provider, .model = "anthropic.claude-x"});
    if (!translated) {
      if (translated.error().status != 400 || !nlohmann::json::accept(problem_body(caller, translated.error()))) {
        std::abort();
      }
      continue;
    }
    if (!nlohmann::json::accept(translated->body)) std::abort();
  }
  const auto answer = playground_answer(*request, {.created = 1, .id = "x"});
  if (answer && answer->pieces.empty()) std::abort();
  if (answer && !request->stream && !nlohmann::json::accept(answer->pieces.front())) std::abort();
  return 0;
}
