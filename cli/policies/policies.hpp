#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "core/model/project.hpp"

namespace runagents::cli {

struct PoliciesList {
  std::string config = {};
};

struct PoliciesGet {
  std::string config = {};
  std::string name = {};
};

struct PoliciesExplain {
  std::string config = {};
  std::string method = {};
  std::string url = {};
  std::string user = {};
  std::string email = {};                    ///< of the user
  std::vector<std::string> groups = {};      ///< of the user; unknown when empty, as the two that follow
  std::vector<std::string> roles = {};       ///< of the user
  std::vector<std::string> attributes = {};  ///< of the user, "NAME=VALUE"
  std::string arguments = {};                ///< of a call of an MCP tool: a JSON object, "@FILE", or "-"
  bool check = false;                        ///< the verdict is the exit status
  std::string run = {};                      ///< all calls of this run instead of one
  bool changed = false;                      ///< of a run: only what would be decided differently
};

struct PoliciesSuggest {
  std::string config = {};
  std::string run = {};  ///< an id, its beginning, or "latest"
  bool include_refused = false;
};

struct PoliciesLint {
  std::string config = {};
};

[[nodiscard]] Outcome list_policies(const PoliciesList& options, Context& context);
[[nodiscard]] Outcome get_policy(const PoliciesGet& options, Context& context);
[[nodiscard]] Outcome explain_call(const PoliciesExplain& options, Context& context);
[[nodiscard]] Outcome explain_run(const PoliciesExplain& options, Context& context);
[[nodiscard]] Outcome suggest_policies(const PoliciesSuggest& options, Context& context);
[[nodiscard]] Outcome lint_policies(const PoliciesLint& options, Context& context);

/// A rule as a sentence: "allow GET, HEAD on tool stripe tagged financial for ada@example.com".
[[nodiscard]] std::string describe(const model::Rule& rule);

}  // namespace runagents::cli
