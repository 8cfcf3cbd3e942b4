#include "core/llm/models.hpp"

#include <array>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runagents::llm;
using Json = nlohmann::json;

TEST_CASE("models are listed as each API lists them") {
  const std::array models = {ModelEntry{"a", "openai"}, ModelEntry{"b", "local"}};
  const auto openai = Json::parse(models_body(Api::openai_chat, models, 1700000000));
  CHECK(openai["object"] == "list");
  CHECK(openai["data"][1] == Json{{"id", "b"}, {"object", "model"}, {"created", 1700000000}, {"owned_by", "local"}});
  const auto anthropic = Json::parse(models_body(Api::anthropic_messages, models, 1700000000));
  CHECK(anthropic["first_id"] == "a");
  CHECK(anthropic["last_id"] == "b");
  CHECK(anthropic["has_more"] == false);
  CHECK(anthropic["data"][0]["type"] == "model");
  CHECK(anthropic["data"][0]["created_at"].get<std::string>().starts_with("2023-11-14T22:13:20"));
}

TEST_CASE("a list may be empty, a model stand alone") {
  CHECK(Json::parse(models_body(Api::openai_chat, {}, 0))["data"].empty());
  CHECK(Json::parse(models_body(Api::anthropic_messages, {}, 0))["first_id"].is_null());
  CHECK(Json::parse(model_body(Api::openai_chat, {"a", "o"}, 0))["id"] == "a");
}
