#include <doctest/doctest.h>

#include "runner/launch/environment.hpp"

using namespace runagents;
using namespace runagents::launch;

namespace {

using Variables = std::map<std::string, std::string>;

model::Project project_with(std::vector<model::Model> roles) {
  model::Project project;
  project.agent.name = "billing-agent";
  project.providers.emplace_back().name = "openai";
  project.models = std::move(roles);
  return project;
}

Environment build(const Variables& inherited, const model::Project& project, std::string gateway) {
  DoorUrls doors;
  doors.forward_proxy = "http://127.0.0.1:4000";
  doors.gateway = std::move(gateway);
  auto environment = build_environment(inherited, project, doors, "01JRUN", {});
  REQUIRE(environment.has_value());
  return *std::move(environment);
}

TEST_CASE("an agent finds the gateway under its own name and those of the SDKs") {
  const auto project = project_with({{"default", "openai", "gpt-4o-mini", {}}, {"embedding", "local", "nomic", {}}});
  const auto variables = build({{"OPENAI_API_KEY", "sk-live"}}, project, "http://127.0.0.1:4002").variables;
  CHECK(variables.at("LLM_GATEWAY_URL") == "http://127.0.0.1:4002/v1");
  CHECK(variables.at("OPENAI_BASE_URL") == "http://127.0.0.1:4002/v1");
  CHECK(variables.at("ANTHROPIC_BASE_URL") == "http://127.0.0.1:4002");
  CHECK(variables.at("OPENAI_API_KEY") == "runagents-placeholder-which-opens-nothing");
  CHECK(variables.at("ANTHROPIC_API_KEY") == variables.at("OPENAI_API_KEY"));
  CHECK(variables.at("LLM_MODEL") == "gpt-4o-mini");
  CHECK(variables.at("LLM_PROVIDER") == "openai");
  CHECK(variables.at("LLM_MODEL_DEFAULT") == "gpt-4o-mini");
  CHECK(variables.at("LLM_PROVIDER_DEFAULT") == "openai");
  CHECK(variables.at("LLM_MODEL_EMBEDDING") == "nomic");
  CHECK(variables.at("LLM_PROVIDER_EMBEDDING") == "local");
}

TEST_CASE("without a default role the first one is the default") {
  const auto project = project_with({{"classify", "openai", "small", {}}, {"chat", "openai", "large", {}}});
  const auto variables = build({}, project, "http://127.0.0.1:4002").variables;
  CHECK(variables.at("LLM_MODEL") == "small");
  CHECK(variables.at("LLM_MODEL_DEFAULT") == "small");
  CHECK(variables.at("LLM_MODEL_CHAT") == "large");
}

TEST_CASE("without models nothing of a gateway is said, and that of an outer run is taken away") {
  const Variables outer{{"RUNAGENTS_RUN_ID", "01JOUTER"},
                        {"LLM_GATEWAY_URL", "http://127.0.0.1:1/v1"},
                        {"LLM_MODEL_DEFAULT", "x"},
                        {"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"}};
  const auto nested = build(outer, project_with({}), "").variables;
  CHECK_FALSE(nested.contains("LLM_GATEWAY_URL"));
  CHECK_FALSE(nested.contains("LLM_MODEL_DEFAULT"));
  CHECK_FALSE(nested.contains("OPENAI_BASE_URL"));
  const auto own = build({{"OPENAI_BASE_URL", "https://llm.example.com"}}, project_with({}), "").variables;
  CHECK(own.at("OPENAI_BASE_URL") == "https://llm.example.com");
}

}  // namespace
