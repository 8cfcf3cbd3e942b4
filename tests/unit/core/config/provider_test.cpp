#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

#include "core/config/project_file.hpp"

namespace runagents::config {
namespace {

model::Project read(const std::string& toml) {
  const auto file = std::filesystem::path{RUNAGENTS_SOURCE_DIR} / "tests/corpus/config/valid" / toml;
  auto project = read_project(file);
  REQUIRE(project.has_value());
  return *std::move(project);
}

const model::Provider& named(const model::Project& project, std::string_view name) {
  const auto* provider = project.provider(name);
  REQUIRE(provider != nullptr);
  return *provider;
}

TEST_CASE("a provider is an upstream of its name, complete with what the file leaves to its type") {
  const auto project = read("providers.toml");
  const auto& openai = named(project, "openai").upstream;
  CHECK(openai.kind == model::ToolKind::llm);
  CHECK(openai.name == "openai");
  CHECK(openai.base_url.to_string() == "https://api.openai.com/v1");
  CHECK(openai.auth.type == model::AuthType::bearer);
  CHECK(openai.auth.prefix == "Bearer ");
  const auto& azure = named(project, "azure").upstream;
  CHECK(azure.base_url.to_string() == "https://acme.openai.azure.com");
  CHECK(azure.auth.type == model::AuthType::oauth2);
  const auto& claude = named(project, "claude").upstream;
  CHECK(claude.base_url.to_string() == "http://proxy.example.com");
  CHECK(claude.auth.name == "x-api-key");
  CHECK(claude.timeout == std::chrono::seconds{30});
  const auto& aws = named(project, "aws").upstream;
  CHECK(aws.base_url.to_string() == "https://bedrock-runtime.eu-central-1.amazonaws.com");
  CHECK(aws.auth.region == "eu-central-1");
  CHECK(aws.auth.profile == "models");
  const auto& local = named(project, "local").upstream;
  CHECK(local.base_url.to_string() == "http://127.0.0.1:11434");
  CHECK(local.network == model::Network::private_allowed);
  CHECK(named(project, "demo").upstream.base_url.to_string() == "builtin://playground/v1");
}

TEST_CASE("prices and budgets are whole numbers of the smallest unit") {
  const auto project = read("providers.toml");
  const auto& openai = named(project, "openai");
  const auto mini = openai.price_of("gpt-4o-mini");
  REQUIRE(mini.has_value());
  CHECK(mini->input == 150'000);
  CHECK(mini->output == 600'000);
  CHECK(mini->cached_input == 75'000);
  CHECK(openai.price_of("gpt-4o-2024")->cache_write == 3'000'000);
  CHECK(openai.upstream.limits.budget_per_run == 250'000'000'000);
  CHECK(openai.upstream.limits.tokens_per_minute == 50'000);
  CHECK(openai.record_bodies);
  CHECK(project.agent.limits.budget_per_month == 20'000'000'000'000);
}

}  // namespace
}  // namespace runagents::config
