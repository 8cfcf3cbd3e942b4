#include <algorithm>
#include <array>

#include "core/llm/writing.hpp"

// What differs between Claude models, on Anthropic's own API and on Bedrock. Only models of the past are told apart, so
// that the list is complete; every later one is like the newest.

namespace runagents::llm {
namespace {

// Up to 4.5 models think within a budget of tokens; later ones take an effort
// (platform.claude.com/docs/en/build-with-claude/adaptive-thinking).
constexpr std::array with_budget = {
    std::string_view{"claude-3"},   std::string_view{"sonnet-4-0"}, std::string_view{"sonnet-4-2"},
    std::string_view{"sonnet-4-5"}, std::string_view{"opus-4-0"},   std::string_view{"opus-4-1"},
    std::string_view{"opus-4-2"},   std::string_view{"opus-4-5"},   std::string_view{"haiku-4-5"},
};

constexpr std::uint64_t least_budget = 1024;

struct Level {
  std::string_view word;    ///< OpenAI's
  std::string_view claude;  ///< Anthropic's
  std::uint64_t budget;
};

constexpr std::array levels = {
    Level{"minimal", "low", 1024}, Level{"low", "low", 2048},      Level{"medium", "medium", 8192},
    Level{"high", "high", 16384},  Level{"xhigh", "xhigh", 24000}, Level{"max", "max", 24000},
};

struct Ceiling {
  std::string_view name;
  std::uint64_t tokens;
};

constexpr std::array ceilings = {
    Ceiling{"claude-3-5", 8192},
    Ceiling{"claude-3-7", 32000},
    Ceiling{"claude-3", 4096},
    Ceiling{"claude", 32000},
};
constexpr std::uint64_t others_ceiling = 8192;

Json with_budget_of(const Level& level, const Effort& effort, std::uint64_t max_tokens, Findings& findings) {
  if (max_tokens <= least_budget) {
    findings.refuse_unsupported(effort.field, "needs a limit of output tokens above 1024 with this model");
    return Json::object();
  }
  const auto budget = std::max(least_budget, std::min(level.budget, max_tokens / 2));
  return {{"thinking", {{"type", "enabled"}, {"budget_tokens", budget}}}};
}

}  // namespace

Json claude_thinking(const Effort& effort, std::string_view model, std::uint64_t max_tokens, Findings& findings) {
  auto told = Json::object();
  if (effort.thinking != nullptr) told["thinking"] = *effort.thinking;
  if (effort.level.empty() || effort.level == "none") return told;
  const auto* level = std::ranges::find(levels, effort.level, &Level::word);
  if (level == levels.end()) {
    findings.refuse_unsupported(effort.field, "is no level of effort that this provider knows");
    return told;
  }
  const auto is_older = std::ranges::any_of(with_budget, [model](auto name) { return model.contains(name); });
  if (is_older && effort.thinking == nullptr) return with_budget_of(*level, effort, max_tokens, findings);
  if (effort.thinking == nullptr) told["thinking"] = {{"type", "adaptive"}};
  told["output_config"] = {{"effort", level->claude}};
  return told;
}

std::uint64_t default_max_tokens(std::string_view model) noexcept {
  const auto* found = std::ranges::find_if(ceilings, [model](const Ceiling& one) { return model.contains(one.name); });
  return found == ceilings.end() ? others_ceiling : found->tokens;
}

}  // namespace runagents::llm
