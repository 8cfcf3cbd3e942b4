#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/policy.hpp"
#include "core/model/project.hpp"
#include "core/model/refusal_code.hpp"
#include "core/model/tool.hpp"

namespace runagents::policy {

/// The person for whom a call is made, as far as policies ask. Unknown groups make a condition on groups one that
/// cannot be evaluated.
struct EndUser {
  std::string_view id;
  std::optional<std::span<const std::string>> groups;
};

/// What is being decided. All views are canonical (see target.hpp) and outlive the call.
struct Operation {
  const model::Tool* tool = nullptr;  ///< from Evaluator::identify
  std::string_view method;            ///< HTTP method, or an MCP tool name
  std::string_view path;              ///< the whole canonical path, base path included
  std::optional<EndUser> end_user;
  std::chrono::sys_seconds now{};
};

/// The outcome of policy for one operation, and where it comes from. Pointers live as long as the evaluator.
struct Decision {
  model::Permission permission = model::Permission::deny;
  const model::Policy* policy = nullptr;  ///< null: default deny, no rule matched
  std::uint32_t rule = 0;                 ///< from 1, within the policy
};

/// A project's tools and policies, compiled once: hosts by hash, paths by segment tries, so that a decision does not
/// scan rules. Immutable; shared between threads freely. All functions are pure: no I/O, no clock, no allocation.
///
/// deny > approval_required > allow > default deny, over all policies bound to the agent. A condition that cannot be
/// evaluated matches for deny and approval_required and does not match for allow.
class Evaluator {
 public:
  /// Compiles the tools that the agent uses and the policies bound to it. The project is copied; it must have passed
  /// the configuration reader.
  explicit Evaluator(model::Project project);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  [[nodiscard]] const model::Project& project() const noexcept;
  /// The tools that the agent uses, in the order of the file.
  [[nodiscard]] std::span<const model::Tool* const> tools() const noexcept;

  /// The tool with exactly this host and port and the longest base path that holds `path`; null when there is none.
  [[nodiscard]] const model::Tool* identify(std::string_view host, std::uint16_t port,
                                            std::string_view path) const noexcept;

  /// The most specific declared capability that the operation is; null when none fits or none is declared.
  [[nodiscard]] const model::Capability* capability(const Operation& operation) const noexcept;

  /// Evaluates policy. `capability` is the result of `capability()` and contributes its risk tags.
  [[nodiscard]] Decision decide(const Operation& operation, const model::Capability* capability) const noexcept;

  /// The approval rule for an operation whose decision is approval_required; null when no rule names it.
  [[nodiscard]] const model::ApprovalRule* approval_rule(const Operation& operation,
                                                         const model::Capability* capability) const noexcept;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

/// The whole static verdict on a request, in the order of the pipeline: parse, tool, policy, capability, approval.
struct Verdict {
  std::optional<model::RefusalCode> code;  ///< empty: the call is allowed; approval_required: a person is asked
  std::string url;                         ///< canonical; empty when the target has no reading
  const model::Tool* tool = nullptr;
  const model::Capability* capability = nullptr;
  Decision decision;
  std::string message;                  ///< one sentence with the reason
  std::string hint;                     ///< what would have to change; may be empty
  std::vector<std::string> considered;  ///< one line per rule that selects this tool: matched, or which selector failed
};

/// Judges a request as the proxy would, and says why. `policies explain`, `policies test`, dry runs and the corpus use
/// it; the proxy's stages call the same members of Evaluator in the same order.
[[nodiscard]] Verdict explain(const Evaluator& evaluator, std::string_view method, std::string_view url,
                              std::optional<EndUser> end_user, std::chrono::sys_seconds now);

/// Reason and remedy of a refusal by policy or capability, for the agent and for people: {message, hint}.
struct Reason {
  std::string message;
  std::string hint;
};
[[nodiscard]] Reason reason_for_policy(const Evaluator& evaluator, const Operation& operation, const Decision& decision,
                                       std::string_view url);
[[nodiscard]] Reason reason_for_capability(const Evaluator& evaluator, const Operation& operation,
                                           std::string_view url);

}  // namespace runagents::policy
