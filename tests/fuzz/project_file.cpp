#include "core/config/project_file.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// What every caller may rely on: findings that are in order and that print as one line each.
void check(const std::vector<runagents::config::Finding>& findings) {
  if (findings.empty()) std::abort();
  for (std::size_t i = 0; i < findings.size(); ++i) {
    for (const char c : findings[i].to_string()) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
    }
    const bool in_order = i == 0 || findings[i - 1].line <= findings[i].line;
    if (!in_order) std::abort();
  }
}

void check(const runagents::model::Project& project) {
  if (project.agent.name.empty() || project.agent.tools.size() > project.tools.size()) std::abort();
  for (const auto& name : project.agent.tools) {
    if (project.tool(name) == nullptr) std::abort();
  }
  for (const auto& tool : project.tools) {
    if (tool.base_url.host.empty()) std::abort();
  }
  for (const auto& policy : project.policies) {
    if (policy.rules.empty() || policy.subjects.empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto project = runagents::config::parse_project(text, "/nonexistent/runagents.toml");
  if (project) {
    check(*project);
  } else {
    check(project.error());
  }
  return 0;
}
