#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <ostream>

#include "cli/apply/manifest.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/resource_kinds.hpp"
#include "cli/output/print.hpp"
#include "cli/output/yaml.hpp"
#include "cli/project/project.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

struct ExportOptions {
  std::string config = {};
  std::vector<std::string> kinds = {};
};

/// Reads a server's resources as manifests that name each other by names, so that they fit another server.
class Exporter {
 public:
  explicit Exporter(api::Client& client) : client_{client} {}

  Result<std::vector<Manifest>> read(const ResourceKind& kind) {
    if (kind.upsert == Upsert::delegation) return read_delegations(kind);
    const auto objects = client_.list(Target{kind.object().path});
    if (!objects) return std::unexpected(objects.error());
    std::vector<Manifest> manifests;
    for (const auto& one : *objects) {
      manifests.push_back({kind.word, text_of(one, kind.name_member), spec_of(kind, one), {}});
      if (kind.upsert == Upsert::document) manifests.back().labels = one.value("labels", Json{});
    }
    std::ranges::sort(manifests, {}, &Manifest::name);
    return manifests;
  }

 private:
  Result<std::vector<Manifest>> read_delegations(const ResourceKind& kind) {
    const auto accounts = client_.list(Target{account_kind().path});
    if (!accounts) return std::unexpected(accounts.error());
    std::vector<Manifest> manifests;
    for (const auto& account : *accounts) {
      const auto target = Target{account_kind().path}.segment(text_of(account, "id")).segment("delegations");
      const auto delegations = client_.list(target);
      if (!delegations) return std::unexpected(delegations.error());
      for (const auto& one : *delegations) {
        const auto user = text_of(one, "delegator_email");
        const auto name = text_of(account, "name") + " for " + user;
        Json spec = {{"agent_account", text_of(account, "name")}, {"user", user}};
        if (!text_of(one, "expires_at").empty()) spec["expires_at"] = text_of(one, "expires_at");
        auto servers = named_servers(one);
        if (!servers) return std::unexpected(servers.error());
        if (!servers->is_null()) spec["server_ids"] = *std::move(servers);
        manifests.push_back({kind.word, name, std::move(spec), {}});
      }
    }
    std::ranges::sort(manifests, {}, &Manifest::name);
    return manifests;
  }

  Result<Json> named_servers(const Json& delegation) {
    const auto ids = delegation.find("server_ids");
    if (ids == delegation.end() || !ids->is_array()) return Json{};
    if (server_names_.empty()) {
      const auto servers = client_.list(Target{server_kind().path});
      if (!servers) return std::unexpected(servers.error());
      for (const auto& one : *servers) server_names_.emplace(text_of(one, "id"), text_of(one, "name"));
    }
    Json names = Json::array();
    for (const auto& id : *ids) {
      const auto found = server_names_.find(id.get<std::string>());
      names.push_back(found == server_names_.end() ? id : Json(found->second));
    }
    return names;
  }

  api::Client& client_;
  std::map<std::string, std::string> server_names_;
};

/// The kinds that are named, or all of them, in the order in which they are applied.
Result<std::vector<const ResourceKind*>> kinds_of(const ExportOptions& options) {
  std::vector<const ResourceKind*> chosen;
  for (const auto& word : options.kinds) {
    const auto kind = find_resource_kind(word);
    if (!kind) return std::unexpected(kind.error());
    chosen.push_back(*kind);
  }
  if (chosen.empty()) {
    for (const auto& kind : resource_kinds()) chosen.push_back(&kind);
  }
  std::ranges::sort(chosen);
  return chosen;
}

Result<std::vector<Manifest>> read_all(const ExportOptions& options, Context& context) {
  const auto kinds = kinds_of(options);
  if (!kinds) return std::unexpected(kinds.error());
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  std::vector<Manifest> all;
  if ((*connection)->is_local() || !options.config.empty()) {
    const auto project = load_project(options.config, context);
    if (!project) return std::unexpected(project.error());
    for (auto& manifest : manifests_of(*project)) {
      const auto is_wanted = [&](const ResourceKind* kind) { return kind->word == manifest.kind; };
      if (std::ranges::any_of(*kinds, is_wanted)) all.push_back(std::move(manifest));
    }
    return all;
  }
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  Exporter exporter{*client};
  for (const auto* kind : *kinds) {
    auto read = exporter.read(*kind);
    if (!read && options.kinds.empty() && read.error().reason == "not_offered") {
      context.terminal.err << fmt::format("left out: {}\n", output::printable(read.error().message));
      continue;
    }
    if (!read) return read;
    std::ranges::move(*read, std::back_inserter(all));
  }
  return all;
}

Outcome export_resources(const ExportOptions& options, Context& context) {
  const auto manifests = read_all(options, context);
  if (!manifests) return std::unexpected(manifests.error());
  auto& out = context.terminal.out;
  const auto format = context.output.format;
  if (format == output::Format::table || format == output::Format::yaml) {
    for (const auto& manifest : *manifests) out << "---\n" << output::to_yaml(to_document(manifest));
    return 0;
  }
  output::Listing listing{.columns = {}, .rows = {}, .when_empty = {}};
  for (const auto& manifest : *manifests) {
    listing.rows.push_back({.cells = {}, .name = manifest.name, .json = api::dump(to_document(manifest))});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace

Command export_command() {
  auto options = std::make_shared<ExportOptions>();
  return {
      .name = "export",
      .summary = "write resources as manifests that apply reads",
      .description =
          "Of the control plane: identity providers, users, agent accounts, tools, models, agents, servers, policies "
          "and delegations, as\nYAML unless -o says otherwise, without secrets, which no server gives out. In the "
          "local context, and with --config, the\npolicies and identity providers of the project file.",
      .examples = {{"runagents export --context prod", "into a file: runagents apply -f FILE reads it"},
                   {"runagents export --kind policies -o json", "one kind, as a JSON array"}},
      .flags = {config_flag(options->config),
                {.name = "kind",
                 .value = "KIND",
                 .summary = "this kind only; may be repeated",
                 .binding = &options->kinds,
                 .means = Means::resource_kind}},
      .prints_objects = true,
      .run = [options](Context& context) { return export_resources(*options, context); }};
}

}  // namespace runagents::cli
