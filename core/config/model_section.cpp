#include <algorithm>
#include <array>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/model/routing.hpp"

namespace runagents::config {
namespace {

using model::Model;
using model::Provider;

void read_provider_name(const Value& value, Model& model) {
  model.provider = value.text();
  value.reading().later(
      [value](const model::Project& project) { check_reference(value, "provider", names_of(project.providers)); });
}

void check_fallback(const Value& value, const model::Project& project) {
  if (!model::is_answered(project, value.text())) value.report("is a model that no provider offers");
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
    if (provider == project.providers.end() || provider->models.empty() || provider->offers(value.text())) return;
    const std::vector<std::string_view> models{provider->models.begin(), provider->models.end()};
    value.report("is no model of provider \"" + provider_name + "\"", did_you_mean(value.text(), models));
  });
}

}  // namespace

void read_model(const Value& table, Model& model) {
  read_table(table, model_keys, model);
  const auto name = table.member("model");
  if (name && !model.model.empty()) check_offer(*name, model.provider);
}

void list_model_keys(const std::string& prefix, Names& names) { list_keys(prefix, model_keys, names); }

}  // namespace runagents::config
