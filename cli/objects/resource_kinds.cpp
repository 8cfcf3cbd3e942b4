#include "cli/objects/resource_kinds.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

bool is_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty()) ||
         ((value.is_array() || value.is_object()) && value.empty());
}

Json member_of(const Json& object, const std::string& name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? Json{} : *found;
}

/// The same, where absent members and empty ones are the same and the order of members says nothing.
// NOLINTNEXTLINE(misc-no-recursion): as deep as manifests may be
bool same(const Json& left, const Json& right) {
  if (is_nothing(left) && is_nothing(right)) return true;
  if (left.is_object() && right.is_object()) {
    const auto holds = [](const Json& one, const Json& other) {
      return std::ranges::all_of(one.items(),
                                 [&](const auto& item) { return same(item.value(), member_of(other, item.key())); });
    };
    return holds(left, right) && holds(right, left);
  }
  if (left.is_array() && right.is_array()) return std::ranges::equal(left, right, same);
  return left == right;
}

/// Places of a key have defaults of the server's: what the manifest does not say of them does not count.
Json without_unnamed(const Json& present, const Json& wanted) {
  if (!present.is_object() || !wanted.is_object()) return present;
  Json kept = Json::object();
  for (const auto& [name, value] : present.items()) {
    if (wanted.contains(name)) kept[name] = value;
  }
  return kept;
}

const char* group_of(const std::string& word) {
  constexpr std::pair<const char*, const char*> groups[] = {{"IdentityProvider", "identity-providers"},
                                                            {"User", "users"},
                                                            {"AgentAccount", "accounts"},
                                                            {"Tool", "tools"},
                                                            {"ModelProvider", "models"},
                                                            {"Agent", "agents"},
                                                            {"Server", "servers"},
                                                            {"Policy", "policies"},
                                                            {"Delegation", "delegations"}};
  for (const auto& [kind, group] : groups) {
    if (word == kind) return group;
  }
  return "";
}

}  // namespace

const std::vector<ResourceKind>& resource_kinds() {
  static const std::vector<ResourceKind> kinds = {
      {.word = "IdentityProvider",
       .object = identity_provider_kind,
       .upsert = Upsert::put,
       .members = {"issuer", "jwks_uri", "audiences", "user_id_claim", "allowed_client_domains",
                   "allowed_email_domains", "ca_file"},
       .defaults = {{"user_id_claim", "email"}}},
      {.word = "User",
       .object = user_kind,
       .name_member = "email",
       .members = {"name", "role", "groups", "attributes", "is_active"}},
      {.word = "AgentAccount", .object = account_kind, .members = {"description", "is_active"}},
      {.word = "Tool",
       .object = tool_kind,
       .upsert = Upsert::document,
       .members = {"description", "connection", "capabilities", "riskTags", "governance"}},
      {.word = "ModelProvider",
       .object = model_provider_kind,
       .upsert = Upsert::document,
       .members = {"provider", "endpoint", "models", "auth", "rateLimit"}},
      {.word = "Agent",
       .object = agent_kind,
       .upsert = Upsert::document,
       .members = {"image", "systemPrompt", "requiredTools", "llmConfig", "entryPoint", "env"}},
      {.word = "Server",
       .object = server_kind,
       .members = {"description", "transport", "url", "command", "environment", "auth_type", "auth", "status"}},
      {.word = "Policy",
       .object = policy_kind,
       .upsert = Upsert::put_spec,
       .members = {"subjects", "policies", "approvals"}},
      {.word = "Delegation",
       .object = delegation_kind,
       .upsert = Upsert::delegation,
       .members = {"agent_account", "user", "expires_at", "server_ids"}}};
  return kinds;
}

Result<const ResourceKind*> find_resource_kind(const std::string& word) {
  std::vector<std::string> words;
  for (const auto& kind : resource_kinds()) {
    if (lowered(kind.word) == lowered(word) || word == group_of(kind.word)) return &kind;
    words.push_back(kind.word);
  }
  auto hint = did_you_mean(word, words);
  if (hint.empty()) hint = fmt::format("there are {}", fmt::join(words, ", "));
  return fail(ErrorCode::usage, fmt::format("there is no kind \"{}\"", word), std::move(hint));
}

Json spec_of(const ResourceKind& kind, const Json& object) {
  const auto whole = has_spec(kind.upsert) ? member_of(object, "spec") : object;
  Json spec = Json::object();
  for (const auto& member : kind.members) {
    auto value = member_of(whole, member);
    if (!is_nothing(value) && !(member == "is_active" && value == true)) spec[member] = std::move(value);
  }
  return spec;
}

std::vector<Difference> differences(const ResourceKind& kind, const Json& present, const Json& wanted) {
  std::vector<Difference> found;
  const bool is_whole = kind.upsert != Upsert::patch;
  for (const auto& member : kind.members) {
    if (!is_whole && !wanted.contains(member)) continue;
    auto is = member_of(present, member);
    auto should = member_of(wanted, member);
    if (is_nothing(should)) should = member_of(kind.defaults, member);
    if (member == "is_active" && is_nothing(is)) is = true;
    if (member == "auth" && kind.upsert == Upsert::patch) is = without_unnamed(is, should);
    if (!same(is, should)) found.push_back({member, std::move(is), std::move(should)});
  }
  return found;
}

}  // namespace runagents::cli
