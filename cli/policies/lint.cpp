#include "cli/project/lint.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/fit.hpp"
#include "cli/output/print.hpp"
#include "cli/policies/policies.hpp"
#include "cli/project/locate.hpp"
#include "cli/project/project.hpp"

namespace runagents::cli {
namespace {

std::size_t line_of(const LintFinding& finding, const Places& places) {
  if (!finding.tool.empty()) return places.line_of_tool(finding.tool);
  if (finding.rule > 0) return places.line_of_entry(finding.policy, "rules", finding.rule);
  if (finding.approval > 0) return places.line_of_entry(finding.policy, "approvals", finding.approval);
  return places.line_of_policy(finding.policy);
}

std::string subject_of(const LintFinding& finding) {
  if (!finding.tool.empty()) return "tool " + finding.tool;
  if (finding.rule > 0) return fmt::format("{}#{}", finding.policy, finding.rule);
  return finding.approval > 0 ? fmt::format("{} approvals[{}]", finding.policy, finding.approval - 1) : finding.policy;
}

std::string line_for_people(const LintFinding& finding, const std::string& file, std::size_t line) {
  auto text = fmt::format("{}:{}: {}: {} [{}]", file, line, subject_of(finding), finding.message, finding.check);
  if (!finding.hint.empty()) text += fmt::format(" ({})", finding.hint);
  return output::printable(text) + "\n";
}

std::string json_of(const LintFinding& finding, const std::string& file, std::size_t line) {
  const nlohmann::ordered_json object = {
      {"check", finding.check},     {"file", file},        {"line", line}, {"subject", subject_of(finding)},
      {"message", finding.message}, {"hint", finding.hint}};
  return object.dump();
}

}  // namespace

Outcome lint_policies(const PoliciesLint& options, Context& context) {
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const auto findings = lint(*project);
  const Places places{project->file};
  const auto file = project->file.string();
  const int code = findings.empty() ? 0 : exit_code(ErrorCode::bad_outcome);
  if (context.output.format == output::Format::table && context.output.fields.empty()) {
    for (const auto& finding : findings) {
      const auto text = line_for_people(finding, file, line_of(finding, places));
      context.terminal.out << output::fitted(text, context.terminal.width);
    }
    if (findings.empty()) context.terminal.err << "nothing found\n";
    return code;
  }
  output::Listing listing;
  for (const auto& finding : findings) {
    listing.rows.push_back(
        {.cells = {}, .name = finding.check, .json = json_of(finding, file, line_of(finding, places))});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return code;
}

}  // namespace runagents::cli
