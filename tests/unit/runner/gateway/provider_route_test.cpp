#include "runner/gateway/provider_route.hpp"

#include <doctest/doctest.h>

#include "core/config/project_file.hpp"

namespace runagents::gateway {
namespace {

using llm::Api;

model::Project project_with(const std::string& provider) {
  auto project = config::parse_project("[agent]\nname = \"a\"\n[providers.p]\n" + provider, "/p/runagents.toml");
  REQUIRE(project.has_value());
  return *std::move(project);
}

/// "API PATH?QUERY" for what is asked in `caller`; empty when the provider has no such thing.
std::string asked(const std::string& provider, Api caller, bool stream = false) {
  const auto project = project_with(provider);
  const auto& p = project.providers.front();
  const auto api = api_of(p, caller);
  if (!api) return {};
  const auto target = target_of(p, *api, "m:1/x", stream);
  return std::string{word(*api)} + " " + target.path + (target.query.empty() ? "" : "?" + target.query);
}

TEST_CASE("OpenAI is asked in its own APIs") {
  const std::string openai = "type = \"openai\"\n";
  CHECK(asked(openai, Api::openai_chat) == "openai_chat /v1/chat/completions");
  CHECK(asked(openai, Api::openai_responses) == "openai_responses /v1/responses");
  CHECK(asked(openai, Api::openai_embeddings) == "openai_embeddings /v1/embeddings");
  CHECK(asked(openai, Api::anthropic_messages) == "openai_chat /v1/chat/completions");
}

TEST_CASE("compatible servers are asked for chats below their base path") {
  const std::string groq = "type = \"openai\"\nbase_url = \"https://api.groq.com/openai/v1\"\n";
  CHECK(asked(groq, Api::openai_chat) == "openai_chat /openai/v1/chat/completions");
  CHECK(asked(groq, Api::openai_responses) == "openai_chat /openai/v1/chat/completions");
  CHECK(asked(groq, Api::openai_embeddings) == "openai_embeddings /openai/v1/embeddings");
  const auto groq_project = project_with(groq);
  CHECK(is_compatible(groq_project.providers.front()));
  CHECK_FALSE(is_compatible(project_with("type = \"openai\"\n").providers.front()));
}

TEST_CASE("Azure is asked by deployment and version") {
  const std::string azure = "type = \"azure_openai\"\nbase_url = \"https://r.openai.azure.com\"\n";
  CHECK(asked(azure, Api::openai_chat) ==
        "openai_chat /openai/deployments/m%3A1%2Fx/chat/completions?api-version=2024-10-21");
  CHECK(asked(azure + "api_version = \"2025-01-01-preview\"\n", Api::openai_embeddings) ==
        "openai_embeddings /openai/deployments/m%3A1%2Fx/embeddings?api-version=2025-01-01-preview");
  CHECK(asked(azure, Api::openai_responses) == "openai_responses /openai/v1/responses");
}

TEST_CASE("Anthropic is asked for messages, and counts") {
  const std::string anthropic = "type = \"anthropic\"\n";
  CHECK(asked(anthropic, Api::anthropic_messages) == "anthropic_messages /v1/messages");
  CHECK(asked(anthropic, Api::openai_chat) == "anthropic_messages /v1/messages");
  CHECK(asked(anthropic, Api::anthropic_count_tokens) == "anthropic_count_tokens /v1/messages/count_tokens");
  CHECK(asked(anthropic, Api::openai_embeddings).empty());
}

TEST_CASE("Bedrock is asked by model and by whether the answer streams") {
  const std::string bedrock = "type = \"bedrock\"\nregion = \"eu-central-1\"\n";
  CHECK(asked(bedrock, Api::openai_chat) == "bedrock_converse /model/m%3A1%2Fx/converse");
  CHECK(asked(bedrock, Api::anthropic_messages, true) == "bedrock_converse /model/m%3A1%2Fx/converse-stream");
  CHECK(asked(bedrock, Api::openai_embeddings).empty());
}

TEST_CASE("Ollama is asked in its own API") {
  const std::string ollama = "type = \"ollama\"\nbase_url = \"http://127.0.0.1:11434/v1\"\n";
  CHECK(asked(ollama, Api::openai_chat) == "ollama_chat /api/chat");
  CHECK(asked(ollama, Api::openai_embeddings) == "ollama_embed /api/embed");
}

TEST_CASE("the playground takes every API as it is") {
  const std::string playground = "type = \"playground\"\n";
  CHECK(asked(playground, Api::openai_chat) == "openai_chat /v1/chat/completions");
  CHECK(asked(playground, Api::openai_responses) == "openai_responses /v1/responses");
  CHECK(asked(playground, Api::anthropic_messages) == "anthropic_messages /v1/messages");
}

TEST_CASE("tokens are counted here for providers that do not") {
  CHECK(is_answered_here(project_with("type = \"openai\"\n").providers.front(), Api::anthropic_count_tokens));
  CHECK_FALSE(is_answered_here(project_with("type = \"anthropic\"\n").providers.front(), Api::anthropic_count_tokens));
  CHECK_FALSE(is_answered_here(project_with("type = \"openai\"\n").providers.front(), Api::openai_chat));
}

}  // namespace
}  // namespace runagents::gateway
