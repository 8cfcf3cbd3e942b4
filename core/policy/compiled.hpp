#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/policy/argument.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/path_trie.hpp"
#include "core/policy/subject.hpp"

namespace runagents::policy {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Numbers for the words that rules compare: methods and tags.
class Vocabulary {
 public:
  std::uint32_t intern(std::string_view word) {
    return numbers_.try_emplace(std::string(word), static_cast<std::uint32_t>(numbers_.size())).first->second;
  }
  /// `none` for a word that no rule and no capability uses.
  [[nodiscard]] std::uint32_t number(std::string_view word) const noexcept {
    const auto found = numbers_.find(word);
    return found == numbers_.end() ? none : found->second;
  }

 private:
  TextMap<std::uint32_t> numbers_;
};

/// Something (a bucket of rules, a capability) per method.
struct ByMethod {
  std::uint32_t any = none;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> specific;  ///< sorted by method

  [[nodiscard]] std::uint32_t find(std::uint32_t method) const noexcept;
  std::uint32_t& slot(std::uint32_t method);  ///< `none` is any method
};

using Tags = std::vector<std::uint32_t>;  ///< sorted

/// A rule as decisions see it. Rules are numbered over all bound policies in the order of the file: a lower number is
/// reported first.
struct CompiledRule {
  model::Permission permission = model::Permission::deny;
  const model::Policy* policy = nullptr;
  const model::Rule* rule = nullptr;
  std::uint32_t number = 0;   ///< from 1, within the policy
  std::uint32_t tool = none;  ///< to be compared, where the bucket does not imply it
  Tags tags;
  std::optional<ResourcePattern> resource;
  std::vector<ArgumentTest> arguments;
  bool has_subjects = false;  ///< applies to some callers only, who are looked up in Bucket::Keyed::by_subject

  /// Is there anything left to check once the bucket is found?
  [[nodiscard]] bool is_conditional() const noexcept;
};

/// A subject as a key; hashed and compared as the view that it holds.
struct SubjectKey {
  SubjectKind kind;
  std::string text;
  operator Subject() const noexcept { return {kind, text}; }  // Implicit: lets one hash and one comparison serve both
};
struct SubjectHash {
  using is_transparent = void;
  std::size_t operator()(const Subject& subject) const noexcept {
    return TextHash{}(subject.text) ^ static_cast<std::size_t>(subject.kind);
  }
};
struct SubjectEqual {
  using is_transparent = void;
  bool operator()(const Subject& left, const Subject& right) const noexcept { return left == right; }
};

/// The rules for one place (a pattern of one origin, a tool, or everywhere) and one method. A decision looks at one
/// rule per permission, and at those conditional rules whose user, group, tag or tool is the call's.
struct Bucket {
  std::array<std::uint32_t, 3> first{none, none, none};  ///< per permission, of the rules without further condition
  std::vector<std::uint32_t> conditional;

  struct Keyed {
    TextMap<std::vector<std::uint32_t>> by_user;
    TextMap<std::vector<std::uint32_t>> by_group;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_tag;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_tool;
    std::unordered_map<SubjectKey, std::vector<std::uint32_t>, SubjectHash, SubjectEqual> by_subject;
  };
  std::unique_ptr<Keyed> keyed;
};

/// One tool: its place in the tables, and its capabilities by path.
struct CompiledTool {
  std::uint32_t origin = none;  ///< the trie of resources with this scheme, host and port
  Tags tags;
  TextMap<std::uint32_t> capability_names;  ///< of an MCP tool, whose operations have names only
  PathTrie capability_paths;                ///< payload: index into capability_sets
  std::vector<ByMethod> capability_sets;
  std::vector<PathPattern> patterns;  ///< of the capabilities, in their order
  std::vector<Tags> capability_tags;  ///< likewise
};

struct CompiledApproval {
  const model::Policy* policy = nullptr;
  const model::ApprovalRule* rule = nullptr;
  std::optional<ResourcePattern> resource;
};

/// Host and port of a tool, as a key.
struct Door {
  std::string host;
  std::uint16_t port = 0;
};
struct DoorView {
  DoorView(std::string_view name, std::uint16_t number) : host(name), port(number) {}
  // Implicit: lets one hash and one comparison serve both
  DoorView(const Door& door) : host(door.host), port(door.port) {}
  std::string_view host;
  std::uint16_t port;

  bool operator==(const DoorView&) const = default;
};
struct DoorHash {
  using is_transparent = void;
  std::size_t operator()(const DoorView& door) const noexcept { return TextHash{}(door.host) ^ door.port; }
};
struct DoorEqual {
  using is_transparent = void;
  bool operator()(const DoorView& left, const DoorView& right) const noexcept { return left == right; }
};

/// What a decision needs to know of an operation's tool.
struct ToolView {
  std::array<std::uint32_t, 2> numbers{none, none};  ///< by name, and by id
  std::uint32_t origin = none;
  const Tags* tags = nullptr;
  const Tags* capability_tags = nullptr;  ///< null: none
};

/// Scheme, host and port as a key.
[[nodiscard]] std::string origin_key(std::string_view scheme, std::string_view host, std::uint16_t port);

struct Evaluator::Compiled {
  explicit Compiled(model::Project source);
  explicit Compiled(std::vector<model::Policy> policies);

  /// Whether a list of tools is made, where arguments are not known yet, or a call is decided.
  enum class Purpose { decide, foresee };
  [[nodiscard]] Decision judge(const Operation& operation, const model::Capability* capability,
                               Purpose purpose) const noexcept;

  model::Project project;
  bool is_stored = false;                ///< policies for all callers and tools, not those of a project
  bool judges_sides = false;             ///< policies have subjects that are looked up for each call
  std::vector<const model::Tool*> used;  ///< the agent's tools, and all providers behind them
  std::vector<CompiledTool> tools;       ///< as project.tools
  std::unordered_map<Door, PathTrie, DoorHash, DoorEqual> doors;  ///< base paths; payload: index of the tool
  TextMap<std::uint32_t> named_tools;                             ///< numbers of the tools that stored policies name
  std::vector<std::uint32_t> tool_places;  ///< by number: the place of rules that name this tool and no resource

  Vocabulary methods;
  Vocabulary tags;
  std::vector<CompiledRule> rules;
  std::vector<CompiledApproval> approvals;
  std::vector<ByMethod> places;  ///< payload: index into buckets
  std::vector<Bucket> buckets;
  std::vector<PathTrie> origins;     ///< payload: index into places
  TextMap<std::uint32_t> origin_of;  ///< by scheme, host and port
  std::uint32_t everywhere = none;   ///< the place of rules with neither tool nor resource

  /// The index of a tool of this project; `none` for any other.
  [[nodiscard]] std::uint32_t index_of(const model::Tool* tool) const noexcept;

 private:
  void compile_tools();
  void compile_capabilities(std::size_t index);
  void compile_policies();
  void compile_policy(const model::Policy& policy, bool has_subjects);
  void place_rules();
  void place_rule(std::uint32_t rule);
  void add_to_place(std::uint32_t place, std::uint32_t rule);
  void add_to_bucket(Bucket& bucket, std::uint32_t rule) const;
  void add_by_subject(Bucket& bucket, std::uint32_t rule) const;
  [[nodiscard]] std::uint32_t number_of(const std::string& tool);
  std::uint32_t new_place();
  Tags intern(const std::vector<std::string>& words);

  [[nodiscard]] Decision judge_stored(const Operation& operation, Purpose purpose) const;
  [[nodiscard]] Decision judge(const Operation& operation, const ToolView& tool, Purpose purpose) const noexcept;
  [[nodiscard]] Decision search(const Operation& operation, const ToolView& tool, std::optional<Side> side,
                                Purpose purpose) const noexcept;
};

}  // namespace runagents::policy
