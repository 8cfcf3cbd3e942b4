#include "runner/gateway/provider_route.hpp"

#include "core/auth/percent.hpp"

namespace runagents::gateway {
namespace {

using llm::Api;
using model::ProviderType;

constexpr std::string_view default_azure_version = "2024-10-21";

bool is_openai_itself(const model::Provider& provider) noexcept {
  return provider.type == ProviderType::openai && provider.upstream.base_url.host == "api.openai.com";
}

/// Compatible servers have chat and embeddings in common; few have the rest.
Api openai_api_of(const model::Provider& provider, Api caller) noexcept {
  if (caller == Api::openai_embeddings) return caller;
  const bool has_responses = is_openai_itself(provider) || provider.type == ProviderType::azure_openai;
  return caller == Api::openai_responses && has_responses ? caller : Api::openai_chat;
}

std::string_view openai_path(Api api) noexcept {
  switch (api) {
    case Api::openai_responses:
      return "/responses";
    case Api::openai_embeddings:
      return "/embeddings";
    case Api::anthropic_messages:
      return "/messages";
    default:
      return "/chat/completions";
  }
}

ProviderTarget azure_target(const model::Provider& provider, Api api, std::string_view model) {
  const auto& base = provider.upstream.base_url.path;
  // This one takes the deployment from the body, and has no version.
  if (api == Api::openai_responses) return {base + "/openai/v1/responses"};
  const auto& version = provider.api_version;
  return {base + "/openai/deployments/" + auth::percent_encoded(model) + std::string{openai_path(api)},
          "api-version=" + (version.empty() ? std::string{default_azure_version} : version)};
}

}  // namespace

std::optional<Api> api_of(const model::Provider& provider, Api caller) noexcept {
  const bool embeds = caller == Api::openai_embeddings;
  if (is_answered_here(provider, caller)) return caller;
  switch (provider.type) {
    case ProviderType::openai:
    case ProviderType::azure_openai:
      return openai_api_of(provider, caller);
    case ProviderType::anthropic:
      if (embeds) return std::nullopt;
      return caller == Api::anthropic_count_tokens ? caller : Api::anthropic_messages;
    case ProviderType::bedrock:
      return embeds ? std::nullopt : std::optional{Api::bedrock_converse};
    case ProviderType::ollama:
      return embeds ? Api::ollama_embed : Api::ollama_chat;
    case ProviderType::playground:
      break;
  }
  return caller;
}

bool is_answered_here(const model::Provider& provider, Api caller) noexcept {
  return caller == Api::anthropic_count_tokens && provider.type != ProviderType::anthropic;
}

bool is_compatible(const model::Provider& provider) noexcept {
  return provider.type == ProviderType::openai && !is_openai_itself(provider);
}

ProviderTarget target_of(const model::Provider& provider, Api api, std::string_view model, bool stream) {
  const auto& base = provider.upstream.base_url.path;
  switch (provider.type) {
    case ProviderType::azure_openai:
      return azure_target(provider, api, model);
    case ProviderType::anthropic:
      return {base + (api == Api::anthropic_count_tokens ? "/v1/messages/count_tokens" : "/v1/messages")};
    case ProviderType::bedrock:
      return {base + "/model/" + auth::percent_encoded(model) + (stream ? "/converse-stream" : "/converse")};
    case ProviderType::ollama:
      return {base + (api == Api::ollama_embed ? "/api/embed" : "/api/chat")};
    case ProviderType::openai:
    case ProviderType::playground:
      break;
  }
  return {base + std::string{openai_path(api)}};
}

}  // namespace runagents::gateway
