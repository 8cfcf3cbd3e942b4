#include "core/llm/usage_json.hpp"

#include <algorithm>

namespace runagents::llm {
namespace {

/// Beyond what any model takes; sums stay sound.
constexpr std::uint64_t most_tokens = 1ULL << 40U;

const Json* member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::uint64_t count(const Json& object, std::string_view name, std::uint64_t otherwise = 0) {
  const auto* value = member(object, name);
  return value != nullptr && value->is_number_unsigned() ? std::min(value->get<std::uint64_t>(), most_tokens)
                                                         : otherwise;
}

std::uint64_t detail(const Json& object, std::string_view details, std::string_view name) {
  const auto* value = member(object, details);
  return value == nullptr ? 0 : count(*value, name);
}

void read_chat(const Json& object, Usage& usage) {
  usage.input_tokens = count(object, "prompt_tokens");
  usage.output_tokens = count(object, "completion_tokens");
  usage.cached_input_tokens = detail(object, "prompt_tokens_details", "cached_tokens");
  usage.cache_write_tokens = detail(object, "prompt_tokens_details", "cache_write_tokens");
  usage.reasoning_tokens = detail(object, "completion_tokens_details", "reasoning_tokens");
}

void read_responses(const Json& object, Usage& usage) {
  usage.input_tokens = count(object, "input_tokens");
  usage.output_tokens = count(object, "output_tokens");
  usage.cached_input_tokens = detail(object, "input_tokens_details", "cached_tokens");
  usage.cache_write_tokens = detail(object, "input_tokens_details", "cache_write_tokens");
  usage.reasoning_tokens = detail(object, "output_tokens_details", "reasoning_tokens");
}

/// `input_tokens` are those that no cache had a part in.
void read_anthropic(const Json& object, Usage& usage) {
  const auto plain = usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens;
  usage.cached_input_tokens = count(object, "cache_read_input_tokens", usage.cached_input_tokens);
  usage.cache_write_tokens = count(object, "cache_creation_input_tokens", usage.cache_write_tokens);
  usage.input_tokens = count(object, "input_tokens", plain) + usage.cached_input_tokens + usage.cache_write_tokens;
  usage.output_tokens = count(object, "output_tokens", usage.output_tokens);
}

void read_bedrock(const Json& object, Usage& usage) {
  usage.cached_input_tokens = count(object, "cacheReadInputTokens");
  usage.cache_write_tokens = count(object, "cacheWriteInputTokens");
  usage.input_tokens = count(object, "inputTokens") + usage.cached_input_tokens + usage.cache_write_tokens;
  usage.output_tokens = count(object, "outputTokens");
}

}  // namespace

void read_usage(Api provider, const Json& object, Usage& usage) {
  if (!object.is_object()) return;
  usage.is_known = true;
  switch (provider) {
    case Api::openai_responses:
      return read_responses(object, usage);
    case Api::anthropic_messages:
      return read_anthropic(object, usage);
    case Api::bedrock_converse:
      return read_bedrock(object, usage);
    case Api::ollama_chat:
      usage.input_tokens = count(object, "prompt_eval_count");
      usage.output_tokens = count(object, "eval_count");
      usage.is_known = object.contains("eval_count");
      return;
    default:
      return read_chat(object, usage);
  }
}

Json write_usage(Api caller, const Usage& usage) {
  const auto total = usage.input_tokens + usage.output_tokens;
  if (caller == Api::anthropic_messages) {
    const auto cached = usage.cached_input_tokens + usage.cache_write_tokens;
    return {{"input_tokens", usage.input_tokens - std::min(cached, usage.input_tokens)},
            {"cache_creation_input_tokens", usage.cache_write_tokens},
            {"cache_read_input_tokens", usage.cached_input_tokens},
            {"output_tokens", usage.output_tokens}};
  }
  if (caller == Api::openai_responses) {
    return {{"input_tokens", usage.input_tokens},
            {"input_tokens_details",
             {{"cached_tokens", usage.cached_input_tokens}, {"cache_write_tokens", usage.cache_write_tokens}}},
            {"output_tokens", usage.output_tokens},
            {"output_tokens_details", {{"reasoning_tokens", usage.reasoning_tokens}}},
            {"total_tokens", total}};
  }
  return {{"prompt_tokens", usage.input_tokens},
          {"completion_tokens", usage.output_tokens},
          {"total_tokens", total},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_input_tokens}}},
          {"completion_tokens_details", {{"reasoning_tokens", usage.reasoning_tokens}}}};
}

}  // namespace runagents::llm
