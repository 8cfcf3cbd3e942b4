#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/policy/json_arguments.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_depth = 128;

const Json* object_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && !found->is_null() ? &*found : nullptr;
}

Result<UserFacts> user_in(const Json& json) {
  UserFacts user;
  api::Members members{json};
  members.text("id", user.id).text("email", user.email).text("name", user.name).texts("groups", user.groups);
  members.word("role", user.role, role_of, "user, developer or admin");
  if (const auto* error = members.error()) return std::unexpected(*error);
  if (user.id.empty() && user.email.empty()) return fail(ErrorCode::usage, "a user has \"id\" or \"email\"");
  const auto* attributes = object_in(json, "attributes");
  if (attributes == nullptr) return user;
  if (!attributes->is_object()) return fail(ErrorCode::usage, "\"attributes\" must be an object of strings");
  for (const auto& [name, value] : attributes->items()) {
    if (!value.is_string()) return fail(ErrorCode::usage, "\"attributes\" must be an object of strings");
    user.attributes.emplace(name, value.get<std::string>());
  }
  return user;
}

Result<AccountFacts> account_in(const Json& json) {
  AccountFacts account;
  api::Members members{json};
  members.text("id", account.id).text("name", account.name);
  if (const auto* error = members.error()) return std::unexpected(*error);
  if (account.id.empty() && account.name.empty()) {
    return fail(ErrorCode::usage, "an agent account has \"id\" or \"name\"");
  }
  return account;
}

/// For whom the question is: who asks, or somebody whose facts the request tells.
Result<Principal> principal_in(const Json& json, const Principal& asking) {
  const auto* named = object_in(json, "principal");
  if (named == nullptr) return asking;
  if (!asking.may(Role::developer)) {
    return fail(ErrorCode::forbidden, "to ask for somebody else takes the role developer");
  }
  if (!named->is_object()) return fail(ErrorCode::usage, "\"principal\" must be an object");
  Principal principal;
  if (const auto* user = object_in(*named, "user")) {
    auto facts = user_in(*user);
    if (!facts) return std::unexpected(std::move(facts.error()));
    principal.user = *std::move(facts);
  }
  if (const auto* account = object_in(*named, "agent_account")) {
    auto facts = account_in(*account);
    if (!facts) return std::unexpected(std::move(facts.error()));
    principal.account = *std::move(facts);
    principal.kind = principal.user ? Principal::Kind::delegated : Principal::Kind::account;
  }
  if (!principal.user && !principal.account) {
    return fail(ErrorCode::usage, R"("principal" has "user", "agent_account", or both)");
  }
  return principal;
}

Result<PolicyTarget> target_in(const Json& json) {
  const auto* named = object_in(json, "server");
  if (named == nullptr) named = object_in(json, "tool");
  PolicyTarget target;
  if (named == nullptr) return target;
  if (named->is_string()) {
    target.name = named->get<std::string>();
    return target;
  }
  api::Members members{*named};
  members.text("id", target.id).text("name", target.name).text("url", target.url).texts("tags", target.tags);
  if (const auto* error = members.error()) return std::unexpected(*error);
  return target;
}

Json json_of(const PolicyOutcome& outcome) {
  Json json = {{"decision", word(outcome.permission)},
               {"side", word(outcome.side)},
               {"policy", outcome.policy.empty() ? Json{} : Json(outcome.policy)},
               {"policy_id", outcome.policy_id.empty() ? Json{} : Json(outcome.policy_id)},
               {"rule", outcome.policy.empty() ? Json{} : Json(outcome.rule)},
               {"reason", outcome.reason}};
  if (outcome.permission == model::Permission::approval_required) {
    json["approver_groups"] = outcome.approver_groups;
    json["approval_duration_s"] = outcome.approval_duration.count();
  }
  return json;
}

Result<Outgoing> answer_tool_call(const PolicySet& set, const Principal& principal, const PolicyTarget& target,
                                  const std::string& tool_name, const Json* arguments) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::optional<policy::JsonArguments<Json>> view;
  if (arguments != nullptr) view.emplace(*arguments);
  auto json = json_of(set.decide(principal, target, tool_name, view ? &*view : nullptr, now));
  json["is_listed"] = set.may_see(principal, target, tool_name, now);
  return json_answer(json);
}

Result<Outgoing> evaluate(store::Database& database, PolicySets& sets, const Incoming& request) {
  const auto json = request.json(max_depth);
  if (!json) return std::unexpected(json.error());
  std::string tool_name;
  std::string method;
  std::string url;
  api::Members members{*json};
  members.text("tool_name", tool_name).text("method", method).text("url", url);
  if (const auto* error = members.error()) return std::unexpected(*error);
  const auto principal = principal_in(*json, request.principal());
  if (!principal) return std::unexpected(principal.error());
  const auto target = target_in(*json);
  if (!target) return std::unexpected(target.error());
  const auto set = sets.current(database);
  if (!set) return std::unexpected(set.error());
  if (!tool_name.empty()) {
    return answer_tool_call(**set, *principal, *target, tool_name, object_in(*json, "arguments"));
  }
  if (method.empty() || url.empty()) {
    return fail(ErrorCode::usage, R"(a call has "tool_name" with "server", or "method" and "url")");
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto outcome = (*set)->decide_request(*principal, *target, method, url, now);
  if (!outcome) return std::unexpected(outcome.error());
  return json_answer(json_of(*outcome));
}

}  // namespace

void add_policy_evaluation_route(Router& router, store::Database& database, PolicySets& sets) {
  router
      .add("POST", "/policies/evaluate", Access::user,
           [&](const Incoming& request) { return evaluate(database, sets, request); })
      .says("what the policies say to a call that is not made")
      .repeatable();
}

}  // namespace runagents::server
