#include <algorithm>
#include <array>
#include <fnmatch.h>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/url.hpp"
#include "core/policy/target.hpp"

namespace runagents::config {
namespace {

using model::Model;
using model::Provider;

constexpr std::array types = {
    Word<std::string_view>{"openai", "openai"},       Word<std::string_view>{"azure_openai", "azure_openai"},
    Word<std::string_view>{"anthropic", "anthropic"}, Word<std::string_view>{"bedrock", "bedrock"},
    Word<std::string_view>{"ollama", "ollama"},       Word<std::string_view>{"playground", "playground"},
};

bool offers(const Provider& provider, const std::string& model) {
  const auto fits = [&](const std::string& pattern) { return ::fnmatch(pattern.c_str(), model.c_str(), 0) == 0; };
  return provider.models.empty() || std::ranges::any_of(provider.models, fits);
}

void read_provider_name(const Value& value, Model& model) {
  model.provider = value.text();
  value.reading().later(
      [value](const model::Project& project) { check_reference(value, "provider", names_of(project.providers)); });
}

/// "provider/model", or a model that some provider offers.
void check_fallback(const Value& value, const model::Project& project) {
  const auto& text = value.text();
  const auto slash = text.find('/');
  const auto answers = [&](const Provider& provider) {
    const bool by_name =
        slash != text.npos && provider.name == text.substr(0, slash) && offers(provider, text.substr(slash + 1));
    return by_name || (!provider.models.empty() && offers(provider, text));
  };
  if (!std::ranges::any_of(project.providers, answers)) value.report("is a model that no provider offers");
}

void read_fallbacks(const Value& value, Model& model) {
  model.fallbacks = value.texts();
  value.reading().later([value](const model::Project& project) {
    for (const auto& item : value.items()) check_fallback(item, project);
  });
}

constexpr std::array model_keys = {
    Key<Model>{"provider", Shape::text, read_provider_name, true},
    Key<Model>{"model", Shape::text, [](const Value& v, Model& model) { model.model = v.text(); }, true},
    Key<Model>{"fallbacks", Shape::words, read_fallbacks},
};

void check_offer(const Value& value, const std::string& provider_name) {
  value.reading().later([value, provider_name](const model::Project& project) {
    const auto provider = std::ranges::find(project.providers, provider_name, &Provider::name);
    if (provider == project.providers.end() || offers(*provider, value.text())) return;
    const std::vector<std::string_view> models{provider->models.begin(), provider->models.end()};
    value.report("is no model of provider \"" + provider_name + "\"", did_you_mean(value.text(), models));
  });
}

constexpr std::array auth_keys = {
    Key<Provider>{"secret", Shape::text, [](const Value& v, Provider& p) { read_secret(v, p.secret); }, true},
};

void list_provider_auth_keys(const std::string& prefix, Names& names) { list_keys(prefix, auth_keys, names); }

void read_type(const Value& value, Provider& provider) {
  if (const auto type = read_word(value, types)) provider.type = *type;
}

void read_url(const Value& value, Provider& provider) {
  if (auto url = read_web_url(value)) provider.base_url = *std::move(url);
}

constexpr std::array provider_keys = {
    Key<Provider>{"type", Shape::text, read_type, true},
    Key<Provider>{"base_url", Shape::text, read_url},
    Key<Provider>{"auth", Shape::table, [](const Value& v, Provider& p) { read_table(v, auth_keys, p); }, false,
                  list_provider_auth_keys},
    Key<Provider>{"models", Shape::words, [](const Value& v, Provider& p) { p.models = v.texts(); }},
};

}  // namespace

void read_model(const Value& table, Model& model) {
  read_table(table, model_keys, model);
  const auto name = table.member("model");
  if (name && !model.model.empty()) check_offer(*name, model.provider);
}

void list_model_keys(const std::string& prefix, Names& names) { list_keys(prefix, model_keys, names); }

void read_provider(const Value& table, Provider& provider) {
  read_table(table, provider_keys, provider);
  const auto target = policy::parse_target(provider.base_url);
  const auto url = table.member("base_url");
  if (url && provider.secret && target && leaves_in_clear(target->scheme, target->authority.host)) {
    url->report("would send the credential without TLS", "use https");
  }
}

void list_provider_keys(const std::string& prefix, Names& names) { list_keys(prefix, provider_keys, names); }

}  // namespace runagents::config
