#include "cli/project/project.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/doctor/doctor.hpp"
#include "cli/output/text.hpp"
#include "cli/tools/reach.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;

/// One that is good for less is as good as expired: a run takes longer.
constexpr std::chrono::minutes soon{10};

config::StoredSecrets stored_secrets(const Context& context) {
  return [&context](std::string_view name) -> Result<config::Secret> {
    const auto plane = context.local_control_plane();
    if (!plane) return std::unexpected(plane.error());
    return (*plane)->reveal_secret(name);
  };
}

Diagnosis examine_secret(const std::string& check, const model::SecretReference& reference,
                         const std::filesystem::path& directory, const Context& context) {
  const auto value = config::resolve(reference, directory, std::chrono::seconds{30}, stored_secrets(context));
  if (!value) return {check, State::broken, value.error().message, value.error().hint};
  const auto where = reference.to_string();
  const auto expiry = expiry_of(value->reveal());
  if (!expiry || *expiry >= context.now() + soon) return {check, State::fine, where, {}};
  const bool is_over = *expiry <= context.now();
  return {check, is_over ? State::broken : State::notice,
          fmt::format("the token of {} {} {}", where, is_over ? "expired" : "expires",
                      output::relative(*expiry, context.now())),
          "get a new one, and put it where the reference says"};
}

/// What can be looked at without asking anybody: a helper that `exec:` names may want a person's finger, and so may a
/// keyring.
void examine_secrets(const model::Tool& tool, const std::string& check, const std::filesystem::path& directory,
                     const Context& context, std::vector<Diagnosis>& diagnoses) {
  using Kind = model::SecretReference::Kind;
  for (const auto& reference : tool.auth.references()) {
    if (reference.kind == Kind::exec || reference.kind == Kind::keyring) continue;
    diagnoses.push_back(examine_secret(check, reference, directory, context));
  }
}

void examine_reach(const model::Tool& tool, const std::string& check, const std::string& probe, const Context& context,
                   std::vector<Diagnosis>& diagnoses, HeardTimes& times) {
  const auto reach = reach_of(tool);
  if (reach.date) times.push_back({tool.title(), *reach.date, context.now()});
  const auto remedy = reach.reachable ? std::string{} : reach.hint.empty() ? probe : reach.hint;
  diagnoses.push_back({check, reach.reachable ? State::fine : State::broken, reach.detail, remedy});
}

}  // namespace

std::optional<std::chrono::sys_seconds> expiry_of(std::string_view token) {
  const auto parts = auth::parse_compact(token);
  if (!parts) return std::nullopt;
  const auto claims = nlohmann::json::parse(parts->payload, nullptr, false);
  if (!claims.is_object() || !claims.contains("exp") || !claims["exp"].is_number_unsigned()) return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::seconds{claims["exp"].get<std::uint32_t>()}};
}

std::vector<Diagnosis> examine_project(const Doctor& options, const Context& context, HeardTimes& times) {
  const auto file = project_file(options.config, context);
  if (!file) {
    const bool named = !options.config.empty() || context.environment("RUNAGENTS_CONFIG");
    return {{"project", named ? State::broken : State::notice, file.error().message, "runagents init scaffolds one"}};
  }
  const auto project = load_project(options.config, context);
  if (!project) return {{"project", State::broken, project.error().message, "runagents config check"}};
  std::vector<Diagnosis> diagnoses{{"project", State::fine, file->string(), {}}};
  for (const auto& name : project->agent.tools) {
    const auto& tool = *project->tool(name);
    examine_secrets(tool, "credential " + name, project->directory, context, diagnoses);
    examine_reach(tool, "tool " + name, "runagents tools probe " + name, context, diagnoses, times);
  }
  for (const auto& provider : project->providers) {
    examine_secrets(provider.upstream, "credential " + provider.name, project->directory, context, diagnoses);
    examine_reach(provider.upstream, "provider " + provider.name, {}, context, diagnoses, times);
  }
  return diagnoses;
}

}  // namespace runagents::cli
