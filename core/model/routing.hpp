#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/project.hpp"

namespace runagents::model {

/// Who answers for a model. The provider is the project's.
struct Route {
  const Provider* provider = nullptr;
  std::string model;      ///< as the provider knows it
  bool is_named = false;  ///< a role or the provider's list names the model
};

/// Where a question for the model `asked` goes: first to whoever answers for it, then to the fallbacks of its role, in
/// their order and each once. Empty: nobody does.
///
/// In this order: the id of a role's model, and of a provider's list; a role; a glob of a provider's list;
/// "PROVIDER/MODEL", where the provider has no list or one that fits. Earlier in the file comes first. An id that a
/// role names has the fallbacks of that role, because agents send the id that they were given for the role.
[[nodiscard]] std::vector<Route> routes_to(const Project& project, std::string_view asked);

/// Whether the project itself names a provider's model: by its list, a role or a fallback.
[[nodiscard]] bool is_named(const Project& project, const Provider& provider, std::string_view model);

/// The role that agents are given as theirs: "default", else the first of the file. Null: there is none.
[[nodiscard]] const Model* default_role(const Project& project) noexcept;

/// What an agent can ask for by name: the models of roles, then those that providers list, each once, without globs.
[[nodiscard]] std::vector<Route> known_models(const Project& project);

/// Whether something answers for a fallback as it stands in the file.
[[nodiscard]] bool is_answered(const Project& project, std::string_view fallback);

}  // namespace runagents::model
