#include "cli/apply/manifest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "cli/objects/objects.hpp"
#include "cli/yaml_input.hpp"
#include "core/api/client.hpp"
#include "core/api/identity_provider_json.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view api_version = "runagents.io/v1";
constexpr std::size_t max_depth = 64;

std::unexpected<Error> wrong(const std::string& place, const std::string& what, std::string hint = {}) {
  return fail(ErrorCode::usage, place + ": " + what, std::move(hint));
}

Result<std::vector<Json>> read_json(std::string_view text, const std::string& file) {
  if (const auto strict = auth::read_strict_json(text, {.max_depth = max_depth, .array_allowed = true}); !strict) {
    return wrong(file, "this is no JSON: " + strict.error());
  }
  auto json = Json::parse(text);
  if (json.is_array()) return json.get<std::vector<Json>>();
  return std::vector<Json>{std::move(json)};
}

Result<std::vector<Json>> read_documents(std::string_view text, const std::string& file) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::vector<Json>{};
  // YAML's flow style begins alike.
  if ((text[begin] == '{' || text[begin] == '[') && Json::accept(text)) return read_json(text, file);
  auto documents = read_yaml(std::string{text});
  if (!documents) return wrong(file, documents.error().message);
  return documents;
}

/// Beside the name, wherever that is.
Result<Json> labels_in(const Json& holder, const std::string& place) {
  const auto labels = holder.find("labels");
  if (labels == holder.end()) return Json{};
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (!labels->is_object() || !std::ranges::all_of(*labels, is_text)) return wrong(place, "\"labels\" must be texts");
  return *labels;
}

Result<Manifest> read_manifest(const Json& document, const std::string& place, const ManifestDefaults& defaults) {
  if (!document.is_object()) return wrong(place, "a manifest is an object");
  Manifest manifest{.kind = api::text_of(document, "kind"), .name = {}, .spec = {}, .place = place};
  if (manifest.kind.empty()) manifest.kind = defaults.kind;
  const auto spec = document.find("spec");
  if (spec == document.end()) {
    manifest.name = defaults.name.empty() ? api::text_of(document, "name") : defaults.name;
    manifest.spec = document;
    for (const auto* member : {"name", "kind", "apiVersion", "metadata"}) manifest.spec.erase(member);
  } else {
    const auto metadata = document.find("metadata");
    const auto& holder = metadata != document.end() && metadata->is_object() ? *metadata : document;
    manifest.name = api::text_of(holder, "name");
    auto labels = labels_in(holder, place);
    if (!labels) return std::unexpected(std::move(labels.error()));
    manifest.labels = *std::move(labels);
    if (manifest.name.empty()) manifest.name = defaults.name;
    manifest.spec = *spec;
  }
  if (manifest.kind.empty()) return wrong(place, "it does not say what \"kind\" it is");
  if (!manifest.spec.is_object()) return wrong(place, "\"spec\" must be an object");
  return manifest;
}

Json policy_spec(const model::Policy& policy, const std::string& agent) {
  auto shown = Json::parse(json_of(policy));
  Json spec = {{"subjects", policy.subjects}, {"policies", std::move(shown["rules"])}};
  if (policy.subjects.empty()) spec["subjects"] = {"agent:" + agent};
  if (shown["approvals"].empty()) return spec;
  spec["approvals"] = std::move(shown["approvals"]);
  constexpr std::pair<const char*, const char*> published[] = {{"tools", "toolIds"},
                                                               {"default_duration", "defaultDuration"}};
  for (auto& approval : spec["approvals"]) {
    for (const auto& [from, to] : published) {
      if (!approval.contains(from)) continue;
      approval[to] = approval[from];
      approval.erase(from);
    }
  }
  return spec;
}

Json provider_spec(const model::IdentityProvider& provider) {
  auto spec = api::to_json(provider);
  for (const auto* member : {"name", "spec"}) spec.erase(member);
  return spec;
}

}  // namespace

Result<std::vector<Manifest>> read_manifests(std::string_view text, const std::string& file,
                                             const ManifestDefaults& defaults) {
  const auto documents = read_documents(text, file);
  if (!documents) return std::unexpected(documents.error());
  if (documents->size() > 1 && !defaults.name.empty()) {
    return wrong(file, "one name, and several documents", "name them inside: metadata.name");
  }
  std::vector<Manifest> manifests;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    const auto place = documents->size() == 1 ? file : fmt::format("{}, document {}", file, i + 1);
    auto manifest = read_manifest((*documents)[i], place, defaults);
    if (!manifest) return std::unexpected(std::move(manifest.error()));
    manifests.push_back(std::move(*manifest));
  }
  return manifests;
}

std::vector<Manifest> manifests_of(const model::Project& project) {
  std::vector<Manifest> manifests;
  manifests.reserve(project.identity_providers.size() + project.policies.size());
  const auto place = project.file.filename().string();
  for (const auto& provider : project.identity_providers) {
    manifests.push_back({"IdentityProvider", provider.name, provider_spec(provider), place});
  }
  for (const auto& policy : project.policies) {
    manifests.push_back({"Policy", policy.name, policy_spec(policy, project.agent.name), place});
  }
  return manifests;
}

Json to_document(const Manifest& manifest) {
  Json metadata = {{"name", manifest.name}};
  if (!manifest.labels.empty()) metadata["labels"] = manifest.labels;
  return {
      {"apiVersion", api_version}, {"kind", manifest.kind}, {"metadata", std::move(metadata)}, {"spec", manifest.spec}};
}

}  // namespace runagents::cli
