#include "core/policy/pattern.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/evaluator.hpp"
#include "core/policy/target.hpp"

// A pattern and a path, one per line. The pattern agrees with a plain reading of the rules, and a compiled policy with
// the pattern.

namespace {

using namespace runagents;
using namespace runagents::policy;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts(1);
  for (const char c : path.substr(1)) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

bool is_wildcard(const std::string& segment) { return segment == "*" || segment.starts_with('{'); }

bool naive_match(std::string_view pattern, std::string_view path) {
  auto wanted = split(pattern);
  const auto given = split(path);
  const bool open = wanted.back() == "*" || wanted.back() == "**";
  if (open) wanted.pop_back();
  if (open ? given.size() <= wanted.size() : given.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (is_wildcard(wanted[i]) ? given[i].empty() : wanted[i] != given[i]) return false;
  }
  bool has_segment = false;
  for (std::size_t i = wanted.size(); i < given.size(); ++i) has_segment = has_segment || !given[i].empty();
  return !open || has_segment;
}

model::Permission decide(const std::string& resource, model::Permission permission, std::string_view path) {
  model::Project project;
  project.tools.resize(1);
  project.tools[0].name = "api";
  project.tools[0].base_url = {.scheme = "https", .host = "api.example", .port = 443, .path = ""};
  project.agent.tools = {"api"};
  project.policies.resize(1);
  project.policies[0].rules.resize(1);
  project.policies[0].rules[0].permission = permission;
  project.policies[0].rules[0].resource = resource;
  const Evaluator evaluator(std::move(project));
  const Operation operation{
      .tool = evaluator.tools().front(), .method = "GET", .path = path, .end_user = {}, .now = {}};
  return evaluator.decide(operation, evaluator.capability(operation)).permission;
}

void check(std::string_view pattern_text, std::string_view path) {
  const auto pattern = parse_path_pattern(pattern_text);
  if (!pattern) return;
  require(pattern->matches(path) == naive_match(pattern_text, path));
  require(!pattern->matches(path) || pattern->covers(path));

  const auto text = "https://api.example" + std::string(pattern_text);
  const auto resource = parse_resource_pattern(text);
  require(resource.has_value());
  const bool allowed = decide(text, model::Permission::allow, path) == model::Permission::allow;
  const bool asked = decide(text, model::Permission::approval_required, path) == model::Permission::approval_required;
  require(allowed == resource->path.matches(path));
  require(asked == resource->path.covers(path));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  if (line == text.npos) return 0;
  (void)parse_resource_pattern(text.substr(0, line));
  std::string scratch;
  const auto path = canonical_path(text.substr(line + 1), scratch);
  if (path) check(text.substr(0, line), path->text);
  return 0;
}
