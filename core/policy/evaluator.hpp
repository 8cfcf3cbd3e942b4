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

class Arguments;

/// The person for whom a call is made, as far as policies ask. What is unknown makes a condition on it one that cannot
/// be evaluated.
struct EndUser {
  std::string_view id;
  std::optional<std::span<const std::string>> groups = {};
  std::string_view email = {};  ///< another name of the same person; may be empty
  std::optional<std::span<const std::string>> roles = {};
  std::optional<std::span<const std::string>> attributes = {};  ///< "NAME=VALUE"
};

/// The account with which an agent calls. Policies name it by either.
struct AgentAccount {
  std::string_view id;
  std::string_view name;
};

/// What is being decided. All views are canonical (see target.hpp) and outlive the call.
struct Operation {
  const model::Tool* tool = nullptr;  ///< from Evaluator::identify
  std::string_view method;            ///< HTTP method, or an MCP tool name
  std::string_view path;              ///< the whole canonical path, base path included
  std::optional<EndUser> end_user;
  std::chrono::sys_seconds now{};
  const Arguments* arguments = nullptr;  ///< of a call of an MCP tool; null: not known
  /// Who calls, and how else the tool is called: for an evaluator of stored policies. A project's evaluator knows.
  std::string_view agent = {};  ///< name; empty: none
  std::optional<AgentAccount> account = {};
  std::string_view tool_id = {};
  /// What holds where no rule matches. Other than deny for models that the project itself names.
  model::Permission unmatched = model::Permission::deny;
};

/// Whose policies: those of the agent and its account, or those of the end user.
enum class Side : std::uint8_t { agent, user };
[[nodiscard]] std::string_view word(Side side) noexcept;  ///< "agent", "user"

/// The outcome of policy for one operation, and where it comes from. Pointers live as long as the evaluator.
struct Decision {
  model::Permission permission = model::Permission::deny;
  const model::Policy* policy = nullptr;  ///< null: no rule matched, `Operation::unmatched` holds
  std::uint32_t rule = 0;                 ///< from 1, within the policy
  Side side = Side::agent;                ///< on which this was decided
};

/// Tools and policies, compiled once: hosts by hash, paths by segment tries, so that a decision does not scan rules.
/// Immutable; shared between threads freely. All functions are pure: no I/O, no clock; on a project no allocation.
///
/// deny > approval_required > allow > default deny, over all policies that apply to the caller, whatever their order. A
/// condition that cannot be evaluated matches for deny and approval_required and does not match for allow.
///
/// An agent that acts for an end user who has policies, too, is judged on both sides, each with its own policies; what
/// is not allowed on both is not allowed. The selectors of rules see the whole call on either side.
class Evaluator {
 public:
  /// Compiles the tools that the agent uses and the policies bound to it. The project is copied; it must have passed
  /// the configuration reader. The end user's side is judged where a policy of the project names users, groups, roles
  /// or attributes as its subjects.
  explicit Evaluator(model::Project project);
  /// Policies that are stored for many callers and tools; what an operation's tool and caller are stands in the
  /// operation. Both sides that it names are judged; without any, everything is denied. A policy without subjects
  /// applies to nobody. The policies have passed config::read_policy_document.
  explicit Evaluator(std::vector<model::Policy> policies);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  /// The upstreams of its providers stand among its tools, behind the others.
  [[nodiscard]] const model::Project& project() const noexcept;
  /// The tools that the agent uses, in the order of the file.
  [[nodiscard]] std::span<const model::Tool* const> tools() const noexcept;
  /// These, and the providers of models: everything that is called.
  [[nodiscard]] std::span<const model::Tool* const> upstreams() const noexcept;
  /// A provider of models as an upstream; null when there is none of this name.
  [[nodiscard]] const model::Tool* provider(std::string_view name) const noexcept;

  /// The tool with exactly this host and port and the longest base path that holds `path`; null when there is none.
  [[nodiscard]] const model::Tool* identify(std::string_view host, std::uint16_t port,
                                            std::string_view path) const noexcept;

  /// The most specific declared capability that the operation is; null when none fits or none is declared.
  [[nodiscard]] const model::Capability* capability(const Operation& operation) const noexcept;

  /// Evaluates policy. `capability` is the result of `capability()` and contributes its risk tags.
  [[nodiscard]] Decision decide(const Operation& operation, const model::Capability* capability) const noexcept;

  /// Whether some arguments of this call of an MCP tool may be allowed, if only after an approval: for lists of tools.
  [[nodiscard]] bool may_be_allowed(const Operation& operation, const model::Capability* capability) const noexcept;

  /// The approval rule for an operation whose decision is approval_required; null when no rule names it. With `policy`
  /// one of that policy's.
  [[nodiscard]] const model::ApprovalRule* approval_rule(const Operation& operation,
                                                         const model::Capability* capability,
                                                         const model::Policy* policy = nullptr) const noexcept;

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
/// For a tool of kind `mcp`, a `method` that is none of HTTP is the name of one of its tools; at the base URL of a
/// provider, or below it, it is the name of a model.
[[nodiscard]] Verdict explain(const Evaluator& evaluator, std::string_view method, std::string_view url,
                              std::optional<EndUser> end_user, std::chrono::sys_seconds now,
                              const Arguments* arguments = nullptr);

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
