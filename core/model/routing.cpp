#include "core/model/routing.hpp"

#include <algorithm>
#include <optional>

namespace runagents::model {
namespace {

using Found = std::optional<Route>;

Found by_list(const Project& project, std::string_view asked) {
  const auto lists = [asked](const Provider& provider) { return provider.lists(asked); };
  const auto found = std::ranges::find_if(project.providers, lists);
  return found == project.providers.end() ? Found{} : Route{&*found, std::string{asked}, true};
}

Found by_glob(const Project& project, std::string_view asked) {
  const auto offers = [asked](const Provider& provider) { return provider.offers(asked); };
  const auto found = std::ranges::find_if(project.providers, offers);
  return found == project.providers.end() ? Found{} : Route{&*found, std::string{asked}, true};
}

/// "PROVIDER/MODEL"
Found by_name(const Project& project, std::string_view asked) {
  const auto slash = asked.find('/');
  if (slash == asked.npos || slash + 1 == asked.size()) return std::nullopt;
  const auto* provider = project.provider(asked.substr(0, slash));
  const auto model = asked.substr(slash + 1);
  if (provider == nullptr) return std::nullopt;
  const bool named = is_named(project, *provider, model);
  if (!named && !provider->models.empty()) return std::nullopt;
  return Route{provider, std::string{model}, named};
}

Found of_role(const Project& project, const Model& role) {
  const auto* provider = project.provider(role.provider);
  return provider == nullptr ? Found{} : Route{provider, role.model, true};
}

Found without_roles(const Project& project, std::string_view asked) {
  if (auto listed = by_list(project, asked)) return listed;
  if (auto fitting = by_glob(project, asked)) return fitting;
  return by_name(project, asked);
}

void add_once(std::vector<Route>& routes, Found route) {
  const auto is_same = [&](const Route& one) { return one.provider == route->provider && one.model == route->model; };
  if (route && std::ranges::none_of(routes, is_same)) routes.push_back(*std::move(route));
}

}  // namespace

bool is_named(const Project& project, const Provider& provider, std::string_view model) {
  const auto full = provider.name + "/" + std::string{model};
  const auto names = [&](const Model& role) {
    return (role.provider == provider.name && role.model == model) ||
           std::ranges::find(role.fallbacks, full) != role.fallbacks.end();
  };
  return provider.offers(model) || std::ranges::any_of(project.models, names);
}

std::vector<Route> routes_to(const Project& project, std::string_view asked) {
  std::vector<Route> routes;
  auto role = std::ranges::find(project.models, asked, &Model::model);
  if (role == project.models.end() && !by_list(project, asked)) {
    role = std::ranges::find(project.models, asked, &Model::role);
  }
  if (role == project.models.end()) {
    add_once(routes, without_roles(project, asked));
    return routes;
  }
  add_once(routes, of_role(project, *role));
  for (const auto& fallback : role->fallbacks) add_once(routes, without_roles(project, fallback));
  return routes;
}

const Model* default_role(const Project& project) noexcept {
  if (project.models.empty()) return nullptr;
  const auto found = std::ranges::find(project.models, "default", &Model::role);
  return found == project.models.end() ? &project.models.front() : &*found;
}

std::vector<Route> known_models(const Project& project) {
  std::vector<Route> routes;
  for (const auto& role : project.models) add_once(routes, of_role(project, role));
  for (const auto& provider : project.providers) {
    for (const auto& model : provider.models) {
      if (provider.lists(model)) add_once(routes, Route{&provider, model, true});
    }
  }
  return routes;
}

bool is_answered(const Project& project, std::string_view fallback) {
  return without_roles(project, fallback).has_value();
}

}  // namespace runagents::model
