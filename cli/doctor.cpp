#include "cli/doctor.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/output/print.hpp"
#include "cli/project.hpp"
#include "cli/tools_reach.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;
using output::Colour;

constexpr model::Time earliest_plausible{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

std::string_view word(State state) {
  if (state == State::fine) return "ok";
  return state == State::notice ? "note" : "broken";
}

Colour colour_of(State state) {
  if (state == State::fine) return Colour::green;
  return state == State::notice ? Colour::yellow : Colour::red;
}

Diagnosis examine_directory(const std::string& check, const std::filesystem::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    return {check, State::fine, path.string() + " does not exist yet; it is made when needed", {}};
  }
  if (facts.st_uid != ::getuid()) {
    return {check, State::broken, path.string() + " belongs to somebody else", "sudo chown $(id -u) " + path.string()};
  }
  if ((facts.st_mode & 0077U) != 0) {
    return {check, State::broken,
            fmt::format("{} has mode {:04o}: others can look into it", path.string(), facts.st_mode & 07777U),
            "chmod 700 " + path.string()};
  }
  return {check, State::fine, path.string(), {}};
}

/// What can be looked at without asking anybody: a helper that `exec:` names may want a person's finger.
std::optional<Diagnosis> examine_credential(const model::Tool& tool, const std::filesystem::path& directory) {
  using Kind = model::SecretReference::Kind;
  const auto& secret = tool.auth.secret;
  if (!secret || (secret->kind != Kind::env && secret->kind != Kind::file)) return std::nullopt;
  const auto value = config::resolve(*secret, directory);
  if (value) return Diagnosis{"credential " + tool.name, State::fine, secret->to_string(), {}};
  return Diagnosis{"credential " + tool.name, State::broken, value.error().message, value.error().hint};
}

std::vector<Diagnosis> examine_project(const Doctor& options, const Context& context) {
  const auto file = project_file(options.config, context);
  if (!file) {
    const bool named = !options.config.empty() || context.environment("RUNAGENTS_CONFIG");
    return {{"project", named ? State::broken : State::notice, file.error().message, "runagents init scaffolds one"}};
  }
  const auto project = load_project(options.config, context);
  if (!project) return {{"project", State::broken, project.error().message, "runagents config check"}};
  std::vector<Diagnosis> diagnoses{{"project", State::fine, file->string(), {}}};
  for (const auto& name : project->agent.tools) {
    if (auto credential = examine_credential(*project->tool(name), project->directory)) {
      diagnoses.push_back(std::move(*credential));
    }
    const auto reach = reach_of(*project->tool(name));
    diagnoses.push_back({"tool " + name, reach.reachable ? State::fine : State::broken, reach.detail,
                         reach.reachable      ? ""
                         : reach.hint.empty() ? "runagents tools probe " + name
                                              : reach.hint});
  }
  return diagnoses;
}

std::vector<std::filesystem::path> root_candidates(const Context& context) {
  const auto named = context.environment("SSL_CERT_FILE").value_or("");
  if (!named.empty()) return {named};
  return {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
}

std::string json_of(const Diagnosis& diagnosis) {
  const nlohmann::ordered_json object = {{"check", diagnosis.check},
                                         {"state", word(diagnosis.state)},
                                         {"detail", diagnosis.detail},
                                         {"remedy", diagnosis.remedy}};
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void print_for_people(const std::vector<Diagnosis>& diagnoses, const Terminal& terminal) {
  std::size_t width = 0;
  for (const auto& diagnosis : diagnoses) width = std::max(width, diagnosis.check.size());
  for (const auto& diagnosis : diagnoses) {
    const auto state =
        output::paint(fmt::format("{:<6}", word(diagnosis.state)), colour_of(diagnosis.state), terminal.colour_out);
    const auto indent = std::string(width + 10, ' ');
    auto detail = output::printable_lines(diagnosis.detail, indent);
    terminal.out << fmt::format("{}  {:<{}}  {}", state, diagnosis.check, width,
                                detail.substr(std::min(indent.size(), detail.size())));
    if (!diagnosis.remedy.empty()) terminal.out << output::printable_lines("remedy: " + diagnosis.remedy, indent);
  }
}

}  // namespace

Diagnosis examine_clock(model::Time now) {
  if (now >= earliest_plausible) return {"clock", State::fine, model::to_iso8601(now), {}};
  return {"clock", State::broken, fmt::format("the clock says {}, which is in the past", model::to_iso8601(now)),
          "set the time: certificates and approvals depend on it"};
}

Diagnosis examine_roots(const std::vector<std::filesystem::path>& candidates) {
  for (const auto& path : candidates) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > 0 && ::access(path.c_str(), R_OK) == 0) return {"ca-bundle", State::fine, path.string(), {}};
  }
  return {"ca-bundle", State::broken, "no readable bundle of root certificates: no https tool can be verified",
          "install them: sudo apt-get install ca-certificates"};
}

std::vector<Diagnosis> examine_directories(const config::Directories& directories) {
  return {examine_directory("data-directory", directories.data),
          examine_directory("configuration-directory", directories.configuration),
          examine_directory("cache-directory", directories.cache),
          examine_directory("runtime-directory", directories.runtime)};
}

Diagnosis examine_store(const Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return {"store", State::broken, plane.error().message, plane.error().hint};
  const auto runs = (*plane)->list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 1});
  if (!runs) return {"store", State::broken, runs.error().message, runs.error().hint};
  return {"store", State::fine, "opens", {}};
}

Outcome examine(const Doctor& options, Context& context) {
  auto diagnoses = examine_kernel();
  diagnoses.push_back(examine_clock(context.now()));
  diagnoses.push_back(examine_roots(root_candidates(context)));
  const auto directories = context.directories();
  if (directories) {
    std::ranges::move(examine_directories(*directories), std::back_inserter(diagnoses));
    diagnoses.push_back(examine_store(context));
  } else {
    diagnoses.push_back({"directories", State::broken, directories.error().message, directories.error().hint});
  }
  std::ranges::move(examine_project(options, context), std::back_inserter(diagnoses));

  const bool broken = std::ranges::any_of(diagnoses, [](const Diagnosis& one) { return one.state == State::broken; });
  const int code = broken ? exit_code(ErrorCode::bad_outcome) : 0;
  if (context.output.format == output::Format::table && context.output.fields.empty()) {
    print_for_people(diagnoses, context.terminal);
    return code;
  }
  output::Listing listing;
  for (const auto& one : diagnoses) listing.rows.push_back({.cells = {}, .name = one.check, .json = json_of(one)});
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return code;
}

Command doctor_command() {
  auto options = std::make_shared<Doctor>();
  return {.name = "doctor",
          .summary = "check everything a run depends on",
          .description =
              "Looks at the kernel, the clock, root certificates, directories, the store, the project and its tools, "
              "and says how "
              "to mend\nwhat is broken. Exits with 9 when something is.",
          .examples = {{"runagents doctor", "what is wrong here?"}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return examine(*options, context); }};
}

}  // namespace runagents::cli
