#include "cli/doctor/doctor.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/groups.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/print.hpp"
#include "cli/progress.hpp"
#include "cli/project/project.hpp"
#include "core/http/system_roots.hpp"
#include "server/embedded.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;
using output::Colour;

std::string_view word(State state) {
  if (state == State::fine) return "ok";
  return state == State::notice ? "note" : "broken";
}

Colour colour_of(State state) {
  if (state == State::fine) return Colour::green;
  return state == State::notice ? Colour::yellow : Colour::red;
}

std::vector<std::filesystem::path> root_candidates(const Context& context) {
  const auto named = context.environment("SSL_CERT_FILE").value_or("");
  if (!named.empty()) return {named};
  const auto bundles = http::root_bundles();
  return {bundles.begin(), bundles.end()};
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
    auto text = fmt::format("{}  {:<{}}  {}", state, diagnosis.check, width,
                            detail.substr(std::min(indent.size(), detail.size())));
    if (!diagnosis.remedy.empty()) text += output::printable_lines("remedy: " + diagnosis.remedy, indent);
    terminal.out << output::fitted(text, terminal.width);
  }
}

}  // namespace

Diagnosis examine_store(const std::filesystem::path& data_directory, const Context& context) {
  const auto broken = [](const Error& error) { return Diagnosis{"store", State::broken, error.message, error.hint}; };
  const auto plane = context.local_control_plane();
  if (!plane) return broken(plane.error());
  const auto runs = (*plane)->list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 1});
  if (!runs) return broken(runs.error());
  const auto sound = server::check_embedded(data_directory);
  if (!sound) return broken(sound.error());
  return {"store", State::fine, "opens, and is sound", {}};
}

Outcome examine(const Doctor& options, Context& context) {
  HeardTimes times;
  auto diagnoses = examine_kernel();
  diagnoses.push_back(examine_roots(root_candidates(context)));
  const auto directories = context.directories();
  if (directories) {
    std::ranges::move(examine_directories(*directories), std::back_inserter(diagnoses));
    diagnoses.push_back(examine_room(directories->data));
    diagnoses.push_back(examine_store(directories->data, context));
  } else {
    diagnoses.push_back({"directories", State::broken, directories.error().message, directories.error().hint});
  }
  Progress progress{context};
  std::ranges::move(examine_server(context, times), std::back_inserter(diagnoses));
  progress.show("what the project uses");
  std::ranges::move(examine_project(options, context, times), std::back_inserter(diagnoses));
  diagnoses.push_back(examine_clock(context.now(), times));
  progress.clear();

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
  return {
      .name = "doctor",
      .summary = "check everything a run depends on",
      .description =
          "Looks at the kernel, root certificates, directories, the disk, the store, the server of the context, the "
          "project with\nits credentials, tools and providers of models, and the clock, and says how to mend what is "
          "broken. Exits with 9 when\nsomething is.",
      .examples = {{"runagents doctor", "what is wrong here?"}},
      .flags = {config_flag(options->config)},
      .prints_objects = true,
      .run = [options](Context& context) { return examine(*options, context); }};
}

}  // namespace runagents::cli
