#include "runner/gateway/inference.hpp"

#include <doctest/doctest.h>

namespace runagents::gateway {
namespace {

Inference between(llm::Api caller, llm::Api provider) {
  Inference inference{caller};
  auto& plan = inference.plan.emplace();
  plan.caller = caller;
  plan.provider = provider;
  return inference;
}

TEST_CASE("credentials of the agent's, and whose account pays, never go to a provider") {
  const auto native = between(llm::Api::openai_chat, llm::Api::openai_chat);
  for (const auto* name : {"Authorization", "X-Api-Key", "api_key", "x-goog-api-key", "Cookie", "OpenAI-Organization",
                           "openai-project", "Content-Type", "Content-Encoding"}) {
    CAPTURE(name);
    CHECK_FALSE(native.passes_on(name));
  }
}

TEST_CASE("what belongs to the agent's API goes only to who speaks it") {
  const auto native = between(llm::Api::anthropic_messages, llm::Api::anthropic_messages);
  const auto translated = between(llm::Api::anthropic_messages, llm::Api::openai_chat);
  for (const auto* name : {"anthropic-beta", "anthropic-version", "X-Stainless-Lang", "Accept"}) {
    CAPTURE(name);
    CHECK(native.passes_on(name));
    CHECK_FALSE(translated.passes_on(name));
  }
  CHECK(translated.passes_on("User-Agent"));
}

TEST_CASE("Anthropic is told a version, the agent's where it says one") {
  const std::vector<http::Field> says{{"Anthropic-Version", "2024-01-01"}};
  const auto native = between(llm::Api::anthropic_messages, llm::Api::anthropic_messages);
  const auto translated = between(llm::Api::openai_chat, llm::Api::anthropic_messages);
  CHECK(native.own_fields({}).find("anthropic-version: 2023-06-01\r\n") != std::string::npos);
  CHECK(native.own_fields(says).find("anthropic-version") == std::string::npos);
  CHECK(translated.own_fields(says).find("anthropic-version: 2023-06-01\r\n") != std::string::npos);
  const auto openai = between(llm::Api::openai_chat, llm::Api::openai_chat);
  CHECK(openai.own_fields({}) == "Content-Type: application/json\r\n");
}

TEST_CASE("turning to the next provider forgets the answer of the last") {
  model::Provider first;
  model::Provider second;
  auto inference = between(llm::Api::openai_chat, llm::Api::openai_chat);
  inference.routes = {{&first, "a", true}, {&second, "b", true}};
  inference.usage.input_tokens = 5;
  inference.cost = 7;
  CHECK(inference.has_next());
  inference.turn_to_next();
  CHECK(inference.route()->model == "b");
  CHECK_FALSE(inference.has_next());
  CHECK(inference.usage.input_tokens == 0);
  CHECK_FALSE(inference.cost.has_value());
  CHECK_FALSE(inference.plan.has_value());
}

}  // namespace
}  // namespace runagents::gateway
