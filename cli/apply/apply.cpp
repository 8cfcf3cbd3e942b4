#include "cli/apply/apply.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <ostream>
#include <utility>

#include "cli/apply/applier.hpp"
#include "cli/output/print.hpp"
#include "cli/progress.hpp"
#include "cli/project/project.hpp"
#include "cli/text_input.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

/// What is to be done, in order.
struct Step {
  const ResourceKind* kind = nullptr;
  Manifest manifest;
};

Result<std::vector<Step>> steps_of(std::vector<Manifest> manifests) {
  std::vector<Step> given;
  for (auto& manifest : manifests) {
    const auto kind = find_resource_kind(manifest.kind);
    if (!kind) {
      return fail(kind.error().code, fmt::format("{}: {}", manifest.place, kind.error().message), kind.error().hint);
    }
    given.push_back({*kind, std::move(manifest)});
  }
  std::vector<Step> ordered;
  for (const auto& kind : resource_kinds()) {
    for (auto& step : given) {
      if (step.kind == &kind) ordered.push_back(std::move(step));
    }
  }
  return ordered;
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "none";
  return value.is_string() ? value.get<std::string>() : api::dump(value);
}

std::string changes_text(const std::vector<Difference>& differences) {
  std::string text;
  for (const auto& one : differences) {
    if (!text.empty()) text += "; ";
    text += one.is.is_null() ? fmt::format("{}: {}", one.member, value_text(one.wanted))
                             : fmt::format("{}: {} -> {}", one.member, value_text(one.is), value_text(one.wanted));
  }
  return text;
}

std::string subject_of(const Manifest& manifest) {
  if (!manifest.name.empty()) return manifest.name;
  return fmt::format("{} for {}", api::text_of(manifest.spec, "agent_account"), api::text_of(manifest.spec, "user"));
}

output::Row row_of(const Step& step, const Applied& applied, bool dry_run) {
  Json json = {{"action", applied.action}, {"kind", step.kind->word}, {"name", subject_of(step.manifest)}};
  json["changes"] = Json::array();
  for (const auto& one : applied.differences) {
    json["changes"].push_back({{"member", one.member}, {"from", one.is}, {"to", one.wanted}});
  }
  json["dry_run"] = dry_run;
  json["object"] = applied.object;
  const bool is_left = applied.action == "left";
  const auto colour = is_left ? output::Colour::plain : output::Colour::green;
  return {.cells = {{dry_run && !is_left ? "would be " + applied.action : applied.action, colour},
                    {step.kind->word},
                    {subject_of(step.manifest)},
                    {changes_text(applied.differences)}},
          .name = subject_of(step.manifest),
          .json = api::dump(json)};
}

Result<std::vector<Manifest>> read_one(const std::string& file, const ApplyOptions& options, Context& context) {
  if (file.ends_with(".toml")) {
    const auto project = load_project(file, context);
    if (!project) return std::unexpected(project.error());
    auto manifests = manifests_of(*project);
    if (options.kind.empty()) return manifests;
    std::erase_if(manifests, [&](const Manifest& one) { return one.kind != options.kind; });
    if (!manifests.empty()) return manifests;
    return fail(ErrorCode::usage, fmt::format("{} gives no {}", file, options.kind),
                "of a project file, policies and identity providers are applied");
  }
  const auto text = file_input(file, context);
  if (!text) return std::unexpected(text.error());
  return read_manifests(*text, file == "-" ? "standard input" : file, {.kind = options.kind, .name = options.name});
}

}  // namespace

Result<std::vector<Manifest>> read_files(const ApplyOptions& options, Context& context) {
  if (options.files.empty()) return fail(ErrorCode::usage, "say what: -f FILE, or -f - for standard input");
  std::vector<Manifest> all;
  for (const auto& file : options.files) {
    auto manifests = read_one(file, options, context);
    if (!manifests) return manifests;
    std::ranges::move(*manifests, std::back_inserter(all));
  }
  return all;
}

Outcome apply(const ApplyOptions& options, Context& context) {
  auto manifests = read_files(options, context);
  if (!manifests) return std::unexpected(manifests.error());
  const auto steps = steps_of(*std::move(manifests));
  if (!steps) return std::unexpected(steps.error());
  for (const auto& step : *steps) {
    if (const auto kept = check_is_kept(step.kind->object(), context); !kept) return std::unexpected(kept.error());
  }
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) say_dry_run(context);
  Applier applier{options, *client, context};
  output::Listing listing{
      .columns = {{"ACTION"}, {"KIND"}, {"NAME"}, {.title = "CHANGES", .shrinks = true}}, .rows = {}, .when_empty = {}};
  std::optional<Error> first_error;
  Progress progress{context};
  for (const auto& step : *steps) {
    progress.show(fmt::format("{} {}, {} of {}", step.kind->word, subject_of(step.manifest), &step - steps->data() + 1,
                              steps->size()));
    const auto applied = applier.apply(*step.kind, step.manifest);
    if (applied) {
      listing.rows.push_back(row_of(step, *applied, options.dry_run));
      continue;
    }
    if (first_error) {
      progress.clear();
      context.terminal.err << fmt::format("runagents: {} {}: {}\n", step.kind->word, subject_of(step.manifest),
                                          output::printable(applied.error().message));
      continue;
    }
    first_error = applied.error();
    first_error->message = fmt::format("{} {}: {}", step.kind->word, subject_of(step.manifest), first_error->message);
  }
  progress.clear();
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (first_error) return std::unexpected(*std::move(first_error));
  return 0;
}

}  // namespace runagents::cli
