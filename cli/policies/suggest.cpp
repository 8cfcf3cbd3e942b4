#include <fmt/format.h>
#include <ostream>

#include "cli/output/print.hpp"
#include "cli/policies/policies.hpp"
#include "cli/policies/recorded_run.hpp"
#include "cli/policies/recorded_verdict.hpp"
#include "cli/policies/suggestion_text.hpp"
#include "core/config/file_content.hpp"
#include "core/config/project_file.hpp"

namespace runagents::cli {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{4} * 1024 * 1024;

struct Source {
  model::Project project;
  config::Node document;
};

Result<Source> read_source(const std::filesystem::path& file) {
  const auto opened = config::OpenFile::open(file);
  if (!opened) return std::unexpected(opened.error());
  const auto text = opened->read(max_file_bytes);
  if (!text) return std::unexpected(text.error());
  auto project = config::parse_project(*text, file);
  if (!project) return std::unexpected(config::to_error(project.error()));
  auto document = config::parse_document(*text);
  if (!document) return fail(ErrorCode::configuration, document.error().message);
  return Source{.project = std::move(*project), .document = std::move(*document)};
}

/// What is written here is read again, as the next run would, and held against the same calls.
Result<std::size_t> count_stopped(const std::string& configuration, const Suggestion& suggestion,
                                  const std::filesystem::path& file, std::chrono::sys_seconds now) {
  auto project = config::parse_project(configuration, file);
  if (!project) {
    return fail(ErrorCode::internal,
                "the suggestion is no sound project file: " + config::to_error(project.error()).message,
                "this should not happen; please report it with the run's record");
  }
  const policy::Evaluator evaluator{std::move(*project)};
  std::size_t stopped = 0;
  for (const auto* call : suggestion.needed) {
    const auto verdict = verdict_on(evaluator, *call, now);
    const bool passes = !verdict.code || verdict.code == model::RefusalCode::approval_required;
    stopped += passes ? 0 : 1;
  }
  return stopped;
}

}  // namespace

Outcome suggest_policies(const PoliciesSuggest& options, Context& context) {
  const auto recorded = load_recorded_run(options.run, context);
  if (!recorded) return std::unexpected(recorded.error());
  const auto file = project_file_of(recorded->run, options.config, context);
  if (!file) return std::unexpected(file.error());
  const auto source = read_source(*file);
  if (!source) return std::unexpected(source.error());
  const auto suggestion = suggest(source->project, source->document, recorded->calls, options.include_refused);
  const auto text = configuration_text(suggestion, source->document, source->project, recorded->run);
  const auto stopped = count_stopped(text, suggestion, *file, std::chrono::floor<std::chrono::seconds>(context.now()));
  if (!stopped) return std::unexpected(stopped.error());
  const output::Card card{.text = text,
                          .name = recorded->run.id,
                          .json = suggestion_json(suggestion, recorded->run, text),
                          .is_quoted = true};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (*stopped > 0) {
    context.terminal.err << fmt::format(
        "runagents: {} of the calls would still be refused under this, as far as the record tells\n"
        "  conditions on groups, times and arguments are not in it; see: runagents policies explain --run {} --config "
        "FILE\n",
        *stopped, recorded->run.id);
  }
  return 0;
}

}  // namespace runagents::cli
