#include "core/llm/translate.hpp"

#include <algorithm>
#include <utility>

#include "core/llm/embeddings.hpp"
#include "core/llm/native.hpp"
#include "core/llm/writing.hpp"

namespace runagents::llm {
namespace {

using enum Api;

bool is_chat(Api api) { return api == openai_chat || api == openai_responses || api == anthropic_messages; }

bool is_chat_provider(Api api) {
  return api == openai_chat || api == anthropic_messages || api == bedrock_converse || api == ollama_chat;
}

std::expected<std::string, Problem> native_body(const Request& request, const Upstream& upstream, AnswerPlan& plan) {
  auto body = with_model(request, upstream.model);
  if (!body || request.api != openai_chat || !request.stream || request.wants_usage) return body;
  plan.usage_added = true;
  return with_usage(request, *std::move(body));
}

Json write(const Request& request, const Upstream& upstream, AnswerPlan& plan, Findings& findings) {
  if (upstream.api == ollama_embed) {
    const auto embeddings = read_embeddings(request, findings);
    plan.base64_embeddings = embeddings.as_base64;
    return write_ollama_embed(embeddings, upstream.model, findings);
  }
  const auto conversation = read_conversation(request, findings);
  switch (upstream.api) {
    case anthropic_messages:
      return write_messages(conversation, upstream, request.stream, findings);
    case bedrock_converse:
      return write_converse(conversation, upstream, findings);
    case ollama_chat:
      return write_ollama(conversation, upstream, request.stream, findings);
    default:
      return write_chat(conversation, upstream, request.stream, findings);
  }
}

bool wants_encrypted_reasoning(const Request& request) {
  const auto include = request.json->find("include");
  return request.api == openai_responses && include != request.json->end() && include->is_array() &&
         std::ranges::find(*include, "reasoning.encrypted_content") != include->end();
}

}  // namespace

bool can_translate(Api caller, Api provider) noexcept {
  if (!is_caller_api(caller)) return false;
  if (caller == provider) return true;
  return (is_chat(caller) && is_chat_provider(provider)) || (caller == openai_embeddings && provider == ollama_embed);
}

std::expected<UpstreamRequest, Problem> translate_request(const Request& request, const Upstream& upstream) {
  if (!can_translate(request.api, upstream.api)) {
    return std::unexpected(
        Problem{.status = 400,
                .message = "the provider of model \"" + request.model + "\" cannot answer this kind of request",
                .code = "unsupported_operation",
                .field = "model"});
  }
  UpstreamRequest translated;
  auto& plan = translated.plan;
  plan = {.caller = request.api,
          .provider = upstream.api,
          .stream = request.stream,
          .wants_usage = request.wants_usage,
          .model = upstream.model,
          .echo = nullptr};
  if (plan.is_native()) {
    auto body = native_body(request, upstream, plan);
    if (!body) return std::unexpected(std::move(body.error()));
    translated.body = *std::move(body);
    return translated;
  }
  Findings findings;
  const auto body = write(request, upstream, plan, findings);
  if (findings.problem()) return std::unexpected(*findings.problem());
  translated.body = body.dump();
  translated.left_out = findings.take_left_out();
  plan.encrypted_reasoning = wants_encrypted_reasoning(request);
  if (request.api == openai_responses) plan.echo = request.json;
  return translated;
}

}  // namespace runagents::llm
