#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

/// A resource as a document says it should be. For .cpp files.
struct Manifest {
  std::string kind;  ///< "Policy"
  std::string name;
  nlohmann::ordered_json spec;
  std::string place;                   ///< "FILE, document 2"
  nlohmann::ordered_json labels = {};  ///< null: it does not speak of them
};

/// What a document that does not say it itself is.
struct ManifestDefaults {
  std::string kind;  ///< empty: it must say so
  std::string name;  ///< of the only document
};

/// Reads JSON (one object, or an array of them) or YAML (one document or several). Three published shapes:
/// `{apiVersion, kind, metadata: {name}, spec}`, `{name, spec}` (with `kind` where there is no default), and a
/// specification alone where kind and name are known. A member that occurs twice, an alias of YAML or a document that
/// is no object is ErrorCode::usage, with the place.
[[nodiscard]] Result<std::vector<Manifest>> read_manifests(std::string_view text, const std::string& file,
                                                           const ManifestDefaults& defaults);

/// The policies and identity providers of a project file. Policies without subjects get those that they have in the
/// file: its agent.
[[nodiscard]] std::vector<Manifest> manifests_of(const model::Project& project);

/// The manifest as a document: `{apiVersion, kind, metadata, spec}`.
[[nodiscard]] nlohmann::ordered_json to_document(const Manifest& manifest);

}  // namespace runagents::cli
