#include "runner/gateway/endpoint.hpp"

#include <doctest/doctest.h>

namespace runagents::gateway {
namespace {

using Kind = Endpoint::Kind;
using llm::Api;

Api api_at(std::string_view path) {
  CAPTURE(path);
  const auto endpoint = endpoint_of("POST", path);
  REQUIRE(endpoint.has_value());
  CHECK(endpoint->kind == Kind::model_call);
  return endpoint->api;
}

TEST_CASE("every documented reading of LLM_GATEWAY_URL leads to a chat") {
  for (const auto* path :
       {"/v1/chat/completions", "/chat/completions", "/v1/v1/chat/completions", "/v1/chat/completions/v1/chat/completions",
        "/v1/chat/completions/chat/completions", "/v1/chat/completions/", "/v1", "/v1/", "/"}) {
    CHECK(api_at(path) == Api::openai_chat);
  }
}

TEST_CASE("the other endpoints are found with and without a base") {
  CHECK(api_at("/v1/responses") == Api::openai_responses);
  CHECK(api_at("/v1/v1/embeddings") == Api::openai_embeddings);
  CHECK(api_at("/messages") == Api::anthropic_messages);
  CHECK(api_at("/v1/v1/messages") == Api::anthropic_messages);
  CHECK(api_at("/v1/messages/count_tokens") == Api::anthropic_count_tokens);
  CHECK(endpoint_of("GET", "/v1/models")->kind == Kind::models);
  CHECK(endpoint_of("HEAD", "/healthz")->kind == Kind::health);
  CHECK(endpoint_of("GET", "/v1/healthz")->kind == Kind::health);
}

TEST_CASE("a model's id may hold slashes, plain or encoded") {
  CHECK(endpoint_of("GET", "/v1/models/gpt-4o")->model == "gpt-4o");
  CHECK(endpoint_of("GET", "/v1/models/meta/llama")->model == "meta/llama");
  CHECK(endpoint_of("GET", "/v1/models/meta%2Fllama")->model == "meta/llama");
}

TEST_CASE("another method is refused with those that the path takes") {
  CHECK(endpoint_of("GET", "/v1/chat/completions").error().allow == "POST");
  CHECK(endpoint_of("GET", "/v1").error().allow == "POST");
  CHECK(endpoint_of("POST", "/v1/models").error().allow == "GET, HEAD");
  CHECK(endpoint_of("DELETE", "/v1/models/x").error().allow == "GET, HEAD");
}

TEST_CASE("nothing else is there") {
  for (const auto* path : {"/v2/chat/completions", "/v1/chat", "/v1/completions", "/v1x/chat/completions",
                           "/v1/chat/completionsx", "/v1/messages/batches", "/admin", "/v1//chat/completions"}) {
    CAPTURE(path);
    const auto endpoint = endpoint_of("POST", path);
    REQUIRE_FALSE(endpoint.has_value());
    CHECK(endpoint.error().allow.empty());
  }
}

TEST_CASE("errors are told in the API that the path belongs to") {
  CHECK(error_api_of("/v1/messages") == Api::anthropic_messages);
  CHECK(error_api_of("/v1/messages/nothing") == Api::anthropic_messages);
  CHECK(error_api_of("/v1/chat/completions") == Api::openai_chat);
  CHECK(error_api_of("/whatever") == Api::openai_chat);
}

}  // namespace
}  // namespace runagents::gateway
