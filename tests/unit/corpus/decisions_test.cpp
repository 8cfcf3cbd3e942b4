#include <chrono>
#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "core/config/project_file.hpp"
#include "core/policy/evaluator.hpp"
#include "tests/unit/corpus/cases.hpp"

using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using runagents::policy::Verdict;

namespace {

const std::filesystem::path folder = std::filesystem::path(RUNAGENTS_SOURCE_DIR) / "tests/corpus/decisions";

class Evaluators {
 public:
  const Evaluator& of(const std::string& project) {
    const auto known = evaluators_.find(project);
    if (known != evaluators_.end()) return known->second;
    auto read = runagents::config::read_project(folder / (project + ".toml"));
    if (!read) FAIL(runagents::config::to_error(read.error()).message);
    return evaluators_.emplace(project, Evaluator(*std::move(read))).first->second;
  }

 private:
  std::map<std::string, Evaluator> evaluators_;
};

std::string word_of(const Verdict& verdict) {
  return verdict.code ? std::string(runagents::model::traits(*verdict.code).word) : "ALLOW";
}

std::string rule_of(const Verdict& verdict) {
  const auto& decision = verdict.decision;
  return decision.policy == nullptr ? "-" : decision.policy->name + "#" + std::to_string(decision.rule);
}

Verdict judge(const Evaluator& evaluator, const corpus::Case& one) {
  std::optional<EndUser> user;
  if (!one.user.empty()) user = EndUser{one.user, std::nullopt};
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return runagents::policy::explain(evaluator, one.method, one.target, user, now);
}

}  // namespace

TEST_CASE("every decision of the corpus") {
  Evaluators evaluators;
  for (const auto& one : corpus::read_cases(folder / "cases.txt")) {
    CAPTURE(one.line);
    CAPTURE(one.method);
    CAPTURE(one.target);
    const auto verdict = judge(evaluators.of(one.project), one);
    CAPTURE(verdict.message);
    CHECK(word_of(verdict) == one.expected);
    if (one.rule) CHECK(rule_of(verdict) == *one.rule);
    if (one.capability) CHECK((verdict.capability == nullptr ? "-" : verdict.capability->name) == *one.capability);
  }
}

TEST_CASE("every refusal of the corpus says why, without control characters") {
  Evaluators evaluators;
  for (const auto& one : corpus::read_cases(folder / "cases.txt")) {
    CAPTURE(one.line);
    const auto verdict = judge(evaluators.of(one.project), one);
    CHECK_FALSE(verdict.message.empty());
    for (const char c : verdict.message + verdict.hint) CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST_CASE("what the corpus lets through is judged the same in its canonical form") {
  Evaluators evaluators;
  for (auto one : corpus::read_cases(folder / "cases.txt")) {
    CAPTURE(one.line);
    const auto& evaluator = evaluators.of(one.project);
    const auto verdict = judge(evaluator, one);
    if (verdict.url.empty()) continue;
    one.target = verdict.url;
    const auto again = judge(evaluator, one);
    CHECK(word_of(again) == word_of(verdict));
    CHECK(rule_of(again) == rule_of(verdict));
    CHECK(again.url == verdict.url);
  }
}

TEST_CASE("the corpus shows every outcome that it has a word for") {
  std::set<std::string> shown;
  for (const auto& one : corpus::read_cases(folder / "cases.txt")) shown.insert(one.expected);
  CHECK(shown == std::set<std::string>{"ALLOW", "AMBIGUOUS_TARGET", "APPROVAL_REQUIRED", "BAD_REQUEST",
                                       "CAPABILITY_NOT_DECLARED", "METHOD_NOT_ALLOWED", "POLICY_DENIED",
                                       "TOOL_NOT_REGISTERED"});
}
