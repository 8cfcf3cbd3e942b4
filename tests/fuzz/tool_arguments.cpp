// Conditions on the arguments of MCP tools against the arguments of a call. Input: a stored policy, a line break, and
// the arguments. What is not known matches no condition for sure, and the order of members changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/policy/argument.hpp"
#include "core/policy/json_arguments.hpp"
#include "server/service/policy_document.hpp"

namespace {

using namespace runagents;
using nlohmann::json;
using nlohmann::ordered_json;

void check(const model::Rule& rule, const ordered_json& arguments, const json& sorted) {
  std::vector<policy::ArgumentTest> tests;
  for (const auto& condition : rule.arguments) {
    auto test = policy::ArgumentTest::compile(condition);
    if (!test) std::abort();  // a policy that was read has been checked
    tests.push_back(*std::move(test));
  }
  const policy::JsonArguments here{arguments};
  const policy::JsonArguments same{sorted};
  if (policy::match_all(tests, &here) != policy::match_all(tests, &same)) std::abort();
  if (policy::match_all(tests, nullptr) != (tests.empty() ? policy::Match::yes : policy::Match::unknown)) std::abort();
  for (const auto& condition : rule.arguments) {
    using enum model::ArgumentCondition::Operator;
    if (condition.op != eq && condition.op != in) continue;
    auto other = condition;
    other.op = condition.op == eq ? ne : not_in;
    const auto is = policy::ArgumentTest::compile(condition)->match(&here);
    const auto is_not = policy::ArgumentTest::compile(other)->match(&here);
    if (is == policy::Match::yes && is_not == policy::Match::yes) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  const auto end = input.find('\n');
  if (end == input.npos) return 0;
  const auto document = ordered_json::parse(input.substr(0, end), nullptr, false);
  const auto arguments = ordered_json::parse(input.substr(end + 1), nullptr, false);
  if (document.is_discarded() || arguments.is_discarded()) return 0;
  const json sorted = arguments;
  const auto read = server::read_policy_document(document, "p");
  if (!read) return 0;
  for (const auto& rule : read->policy.rules) check(rule, arguments, sorted);
  return 0;
}
