#include "core/model/routing.hpp"

#include <doctest/doctest.h>

namespace runagents::model {
namespace {

Provider provider(std::string name, std::vector<std::string> models) {
  Provider made;
  made.name = std::move(name);
  made.models = std::move(models);
  return made;
}

Project sample() {
  Project project;
  project.providers = {provider("openai", {"gpt-4o", "gpt-4o-*"}), provider("azure", {"gpt-4o", "embed"}),
                       provider("router", {"meta/*"}), provider("local", {})};
  project.models = {{"default", "azure", "gpt-4o", {"gpt-4o-mini", "local/llama"}},
                    {"embedding", "azure", "embed", {}}};
  return project;
}

/// "PROVIDER:MODEL ..." with "?" behind models that nobody names.
std::string text_of(const std::vector<Route>& routes) {
  std::string text;
  for (const auto& route : routes) {
    text += (text.empty() ? "" : " ") + route.provider->name + ":" + route.model + (route.is_named ? "" : "?");
  }
  return text;
}

std::string routed(std::string_view asked) {
  const auto project = sample();
  return text_of(routes_to(project, asked));
}

TEST_CASE("the id of a role's model leads to the provider of the role, and to its fallbacks") {
  CHECK(routed("gpt-4o") == "azure:gpt-4o openai:gpt-4o-mini local:llama");
}

TEST_CASE("a role is as good as its model") {
  CHECK(routed("default") == routed("gpt-4o"));
  CHECK(routed("embedding") == "azure:embed");
}

TEST_CASE("a glob leads to the first provider that it fits") {
  CHECK(routed("gpt-4o-2024-08-06") == "openai:gpt-4o-2024-08-06");
  CHECK(routed("meta/llama-3") == "router:meta/llama-3");
}

TEST_CASE("a provider can be named, within its list if it has one") {
  CHECK(routed("openai/gpt-4o") == "openai:gpt-4o");
  CHECK(routed("local/anything") == "local:anything?");
  CHECK(routed("local/llama") == "local:llama");
  CHECK(routed("azure/gpt-5") == "");
  CHECK(routed("local/") == "");
}

TEST_CASE("what nobody answers for leads nowhere") {
  CHECK(routed("claude") == "");
  CHECK(routed("gpt-4o-*") == "openai:gpt-4o-*");
  CHECK(routed("") == "");
}

TEST_CASE("an exact id comes before a role of the same name, and a role before a glob") {
  Project project;
  project.providers = {provider("all", {"*"}), provider("exact", {"fast"})};
  project.models = {{"fast", "all", "slow", {}}, {"classify", "all", "small", {}}};
  CHECK(text_of(routes_to(project, "fast")) == "exact:fast");
  CHECK(text_of(routes_to(project, "classify")) == "all:small");
  CHECK(text_of(routes_to(project, "other")) == "all:other");
}

TEST_CASE("known models are those of roles and lists, each once") {
  const auto project = sample();
  CHECK(text_of(known_models(project)) == "azure:gpt-4o azure:embed openai:gpt-4o");
}

TEST_CASE("a price is found by id, then by glob; what runs here is free") {
  auto paid = provider("openai", {});
  paid.prices = {{"gpt-*", Price{2, 3, {}, {}}}, {"gpt-4", Price{5, 6, {}, {}}}};
  CHECK(paid.price_of("gpt-4")->input == 5);
  CHECK(paid.price_of("gpt-5")->output == 3);
  CHECK_FALSE(paid.price_of("claude").has_value());
  paid.type = ProviderType::ollama;
  CHECK(paid.price_of("claude")->input == 0);
}

}  // namespace
}  // namespace runagents::model
