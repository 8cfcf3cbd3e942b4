#include <doctest/doctest.h>

#include "core/config/project_file.hpp"
#include "core/policy/evaluator.hpp"

namespace runagents::policy {
namespace {

Evaluator evaluator_for(const std::string& policies) {
  const std::string text =
      "[agent]\nname = \"a\"\n"
      "[tools.t]\nbase_url = \"https://t.example.com\"\n"
      "[providers.paid]\ntype = \"openai\"\nmodels = [\"gpt-4o\", \"small\"]\nrisk_tags = [\"paid\"]\n"
      "[providers.open]\ntype = \"openai\"\nbase_url = \"https://open.example.com/v1\"\n" +
      policies;
  auto project = config::parse_project(text, "/p/runagents.toml");
  REQUIRE(project.has_value());
  return Evaluator{*std::move(project)};
}

Verdict explained(const Evaluator& evaluator, std::string_view model, std::string_view url,
                  std::optional<EndUser> user = {}) {
  return explain(evaluator, model, url, user, {});
}

constexpr std::string_view paid = "https://api.openai.com/v1/chat/completions";
constexpr std::string_view open_url = "https://open.example.com/v1";

TEST_CASE("a model that the project names is allowed without a rule") {
  const auto evaluator = evaluator_for("");
  CHECK_FALSE(explained(evaluator, "gpt-4o", paid).code.has_value());
  CHECK(explained(evaluator, "gpt-4o", paid).tool->name == "paid");
}

TEST_CASE("a model that nobody names needs a rule") {
  const auto bare = evaluator_for("");
  const auto refused = explained(bare, "llama", open_url);
  CHECK(refused.code == model::RefusalCode::policy_denied);
  CHECK(refused.hint.find("[providers.open]") != std::string::npos);
  const auto ruled =
      evaluator_for("[policies.p]\nrules = [{ permission = \"allow\", tool = \"open\", operations = [\"llama\"] }]\n");
  CHECK_FALSE(explained(ruled, "llama", open_url).code.has_value());
  CHECK(explained(ruled, "mistral", open_url).code == model::RefusalCode::policy_denied);
}

TEST_CASE("deny outweighs approval, and approval what the project names") {
  const auto evaluator = evaluator_for(
      "[policies.p]\nrules = [\n"
      "{ permission = \"approval_required\", tool = \"paid\" },\n"
      "{ permission = \"deny\", tags = [\"paid\"], operations = [\"small\"] },\n"
      "{ permission = \"allow\", tool = \"paid\", operations = [\"small\"] }]\n");
  CHECK(explained(evaluator, "gpt-4o", paid).code == model::RefusalCode::approval_required);
  CHECK(explained(evaluator, "small", paid).code == model::RefusalCode::policy_denied);
  CHECK(explained(evaluator, "small", paid).decision.rule == 2);
}

TEST_CASE("on behalf of a user an approval on the agent's side is not lost where the user's side says nothing") {
  const auto evaluator = evaluator_for(
      "[policies.p]\nrules = [{ permission = \"approval_required\", tool = \"paid\" }]\n"
      "[policies.u]\nsubjects = [\"user:eva\"]\nrules = [{ permission = \"deny\", tool = \"paid\", operations = "
      "[\"small\"] }]\n");
  CHECK(explained(evaluator, "gpt-4o", paid, EndUser{"max"}).code == model::RefusalCode::approval_required);
  CHECK(explained(evaluator, "small", paid, EndUser{"max"}).code == model::RefusalCode::approval_required);
  CHECK(explained(evaluator, "small", paid, EndUser{"eva"}).code == model::RefusalCode::policy_denied);
}

TEST_CASE("rules about methods and other tools say nothing of models, rules about everything do") {
  const auto methods = evaluator_for(
      "[policies.p]\nrules = [{ permission = \"deny\", operations = [\"POST\"] }, { permission = \"deny\", tool = "
      "\"t\" "
      "}]\n");
  CHECK_FALSE(explained(methods, "gpt-4o", paid).code.has_value());
  const auto all = evaluator_for("[policies.p]\nrules = [{ permission = \"deny\" }]\n");
  CHECK(explained(all, "gpt-4o", paid).code == model::RefusalCode::policy_denied);
  const auto host =
      evaluator_for("[policies.p]\nrules = [{ permission = \"deny\", resource = \"https://api.openai.com/*\" }]\n");
  CHECK(explained(host, "gpt-4o", paid).code == model::RefusalCode::policy_denied);
}

TEST_CASE("a provider is no tool: its URL is not called as one") {
  const auto evaluator = evaluator_for("[policies.p]\nrules = [{ permission = \"allow\" }]\n");
  CHECK(explained(evaluator, "POST", paid).code == model::RefusalCode::tool_not_registered);
  CHECK(evaluator.identify("api.openai.com", 443, "/v1/chat/completions") == nullptr);
  CHECK(evaluator.tools().size() == 1);
  CHECK(evaluator.upstreams().size() == 3);
}

}  // namespace
}  // namespace runagents::policy
