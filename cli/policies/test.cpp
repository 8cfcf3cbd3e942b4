#include "cli/policies/test.hpp"

#include <fmt/format.h>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/policies/decision_cases.hpp"
#include "cli/project/project.hpp"
#include "core/config/project_file.hpp"
#include "core/policy/evaluator.hpp"

namespace runagents::cli {
namespace {

namespace fs = std::filesystem;
using policy::Evaluator;
using policy::Verdict;

Result<std::string> read_text(const std::string& file, const Context& context) {
  std::ostringstream text;
  if (file == "-") {
    text << context.terminal.in.rdbuf();
    return text.str();
  }
  std::ifstream in{context.working_directory / file, std::ios::binary};
  if (!in) return fail(ErrorCode::configuration, fmt::format("cannot read {}", file));
  text << in.rdbuf();
  return text.str();
}

/// One evaluator for each project file that the cases name, read when it is first needed.
class Evaluators {
 public:
  Evaluators(const PoliciesTest& options, const Context& context) : options_{options}, context_{context} {}

  Result<const Evaluator*> of(const std::string& section) {
    const auto known = evaluators_.find(section);
    if (known != evaluators_.end()) return &known->second;
    auto project = section.empty() ? load_project(options_.config, context_) : read_beside(section);
    if (!project) return std::unexpected(project.error());
    return &evaluators_.emplace(section, Evaluator{std::move(*project)}).first->second;
  }

 private:
  [[nodiscard]] Result<model::Project> read_beside(const std::string& section) const {
    const auto folder = options_.file == "-" ? fs::path{} : fs::path{options_.file}.parent_path();
    return load_project((folder / (section + ".toml")).string(), context_);
  }

  const PoliciesTest& options_;
  const Context& context_;
  std::map<std::string, Evaluator> evaluators_;
};

std::string word_of(const Verdict& verdict) {
  return verdict.code ? std::string{model::traits(*verdict.code).word} : "ALLOW";
}

std::string rule_of(const Verdict& verdict) {
  const auto& decision = verdict.decision;
  return decision.policy == nullptr ? "-" : fmt::format("{}#{}", decision.policy->name, decision.rule);
}

std::string capability_of(const Verdict& verdict) {
  return verdict.capability == nullptr ? "-" : verdict.capability->name;
}

/// How a decision differs from what is expected; empty when it does not.
std::string difference(const DecisionCase& one, const Verdict& verdict) {
  if (word_of(verdict) != one.expected) {
    return fmt::format("expected {}, is {}: {}", one.expected, word_of(verdict), verdict.message);
  }
  if (one.rule && rule_of(verdict) != *one.rule) {
    return fmt::format("expected rule {}, is {}", *one.rule, rule_of(verdict));
  }
  if (one.capability && capability_of(verdict) != *one.capability) {
    return fmt::format("expected capability {}, is {}", *one.capability, capability_of(verdict));
  }
  return {};
}

output::Row row_of(const DecisionCase& one, const Verdict& verdict, const std::string& problem) {
  const nlohmann::ordered_json object = {{"line", one.line},
                                         {"method", one.method},
                                         {"url", one.url},
                                         {"user", one.user},
                                         {"expected", one.expected},
                                         {"decision", word_of(verdict)},
                                         {"rule", rule_of(verdict)},
                                         {"capability", capability_of(verdict)},
                                         {"passed", problem.empty()},
                                         {"problem", problem}};
  return {.cells = {{std::to_string(one.line)},
                    {problem.empty() ? "ok" : "FAILED", problem.empty() ? output::Colour::green : output::Colour::red},
                    {one.method + " " + one.url},
                    {problem}},
          .name = std::to_string(one.line),
          .json = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

}  // namespace

std::string test_description() {
  return "Each line of FILE is a case; blank lines and lines that begin with \"#\" mean nothing:\n\n"
         "  METHOD URL [user=ID] -> WORD [POLICY#RULE [CAPABILITY]]   # remark\n\n"
         "WORD is ALLOW or the code of the refusal, such as POLICY_DENIED or APPROVAL_REQUIRED; \"-\" stands for no "
         "rule and\nno capability; what is absent on the right is not compared. A line \"== NAME: TEXT\" begins cases "
         "for the project\nfile NAME.toml beside FILE. Exits with 9 when a decision is not the expected one.";
}

Outcome test_policies(const PoliciesTest& options, Context& context) {
  const auto text = read_text(options.file, context);
  if (!text) return std::unexpected(text.error());
  const auto cases = read_decision_cases(*text, options.file);
  if (!cases) return std::unexpected(cases.error());
  Evaluators evaluators{options, context};
  output::Listing listing{
      .columns = {{"LINE"}, {"RESULT"}, {.title = "CALL", .shrinks = true}, {.title = "PROBLEM", .shrinks = true}},
      .rows = {},
      .when_empty = {}};
  std::size_t failures = 0;
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  for (const auto& one : *cases) {
    const auto evaluator = evaluators.of(one.section);
    if (!evaluator) return std::unexpected(evaluator.error());
    std::optional<policy::EndUser> user;
    if (!one.user.empty()) user = policy::EndUser{.id = one.user, .groups = {}};
    const auto verdict = policy::explain(**evaluator, one.method, one.url, user, now);
    const auto problem = difference(one, verdict);
    failures += problem.empty() ? 0 : 1;
    if (options.verbose || !problem.empty()) listing.rows.push_back(row_of(one, verdict, problem));
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  context.terminal.err << fmt::format("{} {}, {} failed\n", cases->size(), cases->size() == 1 ? "case" : "cases",
                                      failures);
  return failures == 0 ? 0 : exit_code(ErrorCode::bad_outcome);
}

}  // namespace runagents::cli
