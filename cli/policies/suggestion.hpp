#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/policies/recorded_call.hpp"
#include "core/config/document.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

struct SuggestedCapability {
  std::string name;
  std::string method;
  std::string path;  ///< a pattern, relative to the tool's base URL
  std::vector<std::string> why;
};

/// A tool that the run used: one of the project, or a host that none of its tools has.
struct SuggestedTool {
  std::string name;
  std::string base_url;
  bool is_new = false;
  std::uint64_t calls = 0;
  std::vector<std::string> notes;
  std::vector<SuggestedCapability> capabilities;  ///< that it does not declare yet
};

struct SuggestedRule {
  model::Permission permission = model::Permission::approval_required;
  std::string tool;
  std::string operation;
  std::string resource;                ///< empty: the operation says it all
  const config::Node* like = nullptr;  ///< a rule of today whose conditions stay; of the document
  std::vector<std::string> why;
};

/// What a run needed. Texts for people are one line each and may hold what an agent said.
struct Suggestion {
  std::vector<SuggestedTool> tools;
  std::vector<SuggestedRule> rules;
  std::vector<std::string> left_out;                          ///< what was called and is not in it, and why
  std::set<std::pair<std::string, std::uint32_t>> overruled;  ///< rules of today that denied what was needed
  std::vector<const RecordedCall*> needed;                    ///< what it was made of
};

/// Reads a run's calls as what it needed: exact methods and paths, wildcards only for identifiers of which several were
/// seen; reads are allowed, what changes something or was held or denied by name is proposed with an approval. Calls
/// that were refused count only with `include_refused`; what a person rejected, what had no sound reading and what came
/// from elsewhere never counts. `document` is what `project` was read from.
[[nodiscard]] Suggestion suggest(const model::Project& project, const config::Node& document,
                                 std::span<const RecordedCall> calls, bool include_refused);

/// A member of a table; null when it has none of this name.
[[nodiscard]] const config::Node* find_member(const config::Node& table, std::string_view key) noexcept;

}  // namespace runagents::cli
