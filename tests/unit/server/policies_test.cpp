#include "server/service/policies.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "server/service/policy_document.hpp"
#include "server/service/policy_sets.hpp"
#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using nlohmann::ordered_json;
using tests::Plane;
using tests::TemporaryDirectory;

namespace {

struct Answer {
  int status = 0;
  ordered_json body;
};

Answer send(Plane& plane, std::string method, std::string target, const std::string& body) {
  auto answer = plane.transport().send({std::move(method), std::move(target), body});
  REQUIRE(answer.has_value());
  return {answer->status, ordered_json::parse(answer->body)};
}

Answer send(Plane& plane, std::string method, std::string target, const ordered_json& body = {}) {
  return send(plane, std::move(method), std::move(target), body.is_null() ? std::string{} : body.dump());
}

ordered_json rules(std::string_view permission = "allow") {
  return {{"subjects", {"everyone"}}, {"policies", {{{"permission", permission}}}}};
}

Answer evaluate(Plane& plane, std::string_view tool_name = "x") {
  return send(plane, "POST", "/policies/evaluate",
              {{"principal", {{"agent_account", {{"name", "bot"}}}}}, {"server", "s"}, {"tool_name", tool_name}});
}

std::string rule_of(const ordered_json& answer) {
  if (answer["policy"].is_null()) return "-";
  return answer["policy"].get<std::string>() + "#" + std::to_string(answer["rule"].get<int>());
}

}  // namespace

TEST_CASE("every decision of the corpus of callers") {
  std::ifstream stream{std::string{RUNAGENTS_SOURCE_DIR} + "/tests/corpus/decisions/callers.json"};
  const auto corpus = ordered_json::parse(stream);
  std::size_t count = 0;
  for (const auto& section : corpus["sections"]) {
    const TemporaryDirectory directory;
    Plane plane{directory.path()};
    CAPTURE(section["name"].get<std::string>());
    for (const auto& policy : section["policies"]) {
      const auto stored = send(plane, "POST", "/policies", policy);
      CAPTURE(stored.body.dump());
      REQUIRE(stored.status == 201);
    }
    for (const auto& one : section["cases"]) {
      CAPTURE(one["call"].dump());
      const auto answer = send(plane, "POST", "/policies/evaluate", one["call"]);
      CAPTURE(answer.body.dump());
      REQUIRE(answer.status == 200);
      CHECK(answer.body["decision"] == one["decision"]);
      CHECK(answer.body["side"] == one["side"]);
      CHECK(rule_of(answer.body) == one["rule"].get<std::string>());
      if (one.contains("listed")) CHECK(answer.body["is_listed"] == one["listed"]);
      CHECK_FALSE(answer.body["reason"].get<std::string>().empty());
      ++count;
    }
  }
  CHECK(count > 40);
}

TEST_CASE("a policy is stored under its name in each published shape, and given back") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto created = send(plane, "POST", "/policies", {{"name", "p"}, {"spec", rules()}});
  CHECK(created.status == 201);
  CHECK(created.body["name"] == "p");
  CHECK(created.body["spec"] == rules());
  CHECK(created.body["status"]["ready"] == true);
  const auto id = created.body["id"].get<std::string>();
  CHECK(send(plane, "GET", "/policies/p").body["id"] == id);
  CHECK(send(plane, "GET", "/policies/" + id).body["name"] == "p");

  auto bare = rules("deny");
  const auto changed = send(plane, "PUT", "/policies/p", bare);
  CHECK(changed.status == 200);
  CHECK(changed.body["id"] == id);
  CHECK(changed.body["spec"] == bare);
  bare["name"] = "p";
  CHECK(send(plane, "POST", "/policies", bare).status == 200);
  CHECK(send(plane, "PUT", "/policies/" + id, rules()).body["name"] == "p");
  const auto manifest = send(plane, "POST", "/policies",
                             {{"apiVersion", "platform.ai/v1alpha1"},
                              {"kind", "Policy"},
                              {"metadata", {{"name", "q"}, {"labels", {{"a", "b"}}}}},
                              {"spec", rules()}});
  CHECK(manifest.status == 201);

  const auto list = send(plane, "GET", "/policies");
  REQUIRE(list.body.is_array());
  REQUIRE(list.body.size() == 2);
  CHECK(list.body[0]["name"] == "p");
  CHECK(send(plane, "PUT", "/policies/q", list.body[1]).status == 200);  // as it was given
  CHECK(send(plane, "DELETE", "/policies/p").status == 200);
  CHECK(send(plane, "DELETE", "/policies/p").status == 404);
  CHECK(send(plane, "GET", "/policies/p").status == 404);
  CHECK(send(plane, "DELETE", "/policies/" + manifest.body["id"].get<std::string>()).status == 200);
  CHECK(send(plane, "GET", "/policies").body.empty());
}

TEST_CASE("a policy without subjects applies to nobody, and says so") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto spec = rules();
  spec.erase("subjects");
  const auto stored = send(plane, "PUT", "/policies/p", spec);
  CHECK(stored.status == 201);
  CHECK(stored.body["status"]["message"] == "applies to nobody: it has no subjects");
  CHECK(evaluate(plane).body["decision"] == "deny");
  spec["subjects"] = {"account:bot", "agent:a", "user:u"};
  const auto bound = send(plane, "PUT", "/policies/p", spec);
  CHECK(bound.body["status"]["message"] == "");
  CHECK(bound.body["used_by"] ==
        ordered_json::parse(R"([{"name":"bot","kind":"account"},{"name":"a","kind":"agent"}])"));
  CHECK(evaluate(plane).body["decision"] == "allow");
}

TEST_CASE("what is wrong with a policy is said by its place, and nothing is stored") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const std::pair<const char*, const char*> cases[] = {
      {R"({"policies":[]})", "spec.policies: must not be empty"},
      {R"({"subjects":["everyone"]})", "spec.policies: is missing"},
      {R"({"policies":[{}]})", "spec.policies[1].permission: is missing"},
      {R"({"policies":[{"permission":"allow"},{"permission":"perhaps"}]})", "spec.policies[2].permission: must be"},
      {R"({"policies":[{"permission":"allow","resource":"*"}]})", "spec.policies[1].resource: "},
      {R"({"policies":[{"permission":"allow","users":[]}]})", "spec.policies[1].users: must not be empty"},
      {R"({"policies":[{"permission":"allow","colour":1}]})", "spec.policies[1].colour: is not a key"},
      {R"({"policies":[{"permission":"allow","when":{"days":["someday"]}}]})", "spec.policies[1].when.days[1]: "},
      {R"({"policies":[{"permission":"allow"}],"subjects":["team:x"]})", "spec.subjects[1]: is not a subject"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"x","op":"eq","value":1}]}]})",
       "spec.policies[1].arguments[1].field: is not a JSON pointer"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"like","value":1}]}]})",
       "spec.policies[1].arguments[1].op: must be"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"matches","value":"(a"}]}]})",
       "spec.policies[1].arguments[1].value: is not a regular expression"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"in","value":"a"}]}]})",
       "spec.policies[1].arguments[1].value: must be a list"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"eq","value":["a"]}]}]})",
       "spec.policies[1].arguments[1].value: must be one value"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"eq","value":{}}]}]})",
       "spec.policies[1].arguments[1].value: must be a string, a number or a boolean"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"eq"}]}]})",
       "spec.policies[1].arguments[1].value: is missing"},
      {R"({"policies":[{"permission":"allow"}],"approvals":[{"approvers":{"groups":["a"],"match":"all"}}]})",
       "spec.approvals[1].approvers.match: must be \"any\""},
      {R"({"policies":[{"permission":"allow"}],"approvals":[{"defaultDuration":"soon"}]})",
       "spec.approvals[1].defaultDuration: is not a duration"},
      {R"({"policies":[{"permission":"allow"}],"rules":[]})", "spec.rules: is not a key"},
      {R"({"kind":"Tool","metadata":{"name":"p"},"spec":{}})", "\"kind\" must be \"Policy\""},
      {R"({"name":"other","spec":{"policies":[{"permission":"allow"}]}})", "the document's name is \"other\""},
      {R"({"spec":{"policies":[{"permission":"allow"}]},"subjects":["everyone"]})", "\"subjects\" is not a member"},
      {R"({"spec":[]})", "spec: must be a table"},
      {R"({"policies":[{"permission":"deny","permission":"allow"}]})", "the body must be a JSON object"},
      {R"({"policies":[{"permission":"deny","arguments":[{"field":"/x","op":"eq","value":9223372036854775808}]}]})",
       "a number above 2^63 - 1"},
      {"[]", "the body must be a JSON object"},
      {"", "spec.policies: is missing"},
  };
  for (const auto& [body, expected] : cases) {
    CAPTURE(body);
    const auto answer = send(plane, "PUT", "/policies/p", std::string{body});
    CHECK(answer.status == 400);
    CAPTURE(answer.body.dump());
    CHECK(answer.body["error"].get<std::string>().contains(expected));
  }
  CHECK(send(plane, "POST", "/policies", rules()).body["error"] == "\"name\" is missing");
  CHECK(send(plane, "PUT", "/policies/Not%20a%20name", rules()).status == 400);
  CHECK(send(plane, "GET", "/policies").body.empty());
}

TEST_CASE("what is no object is no policy") {
  for (const auto* text : {"7", "null", "true", "\"p\"", "[]", R"([{"name":"p"}])"}) {
    CAPTURE(text);
    const auto read = server::read_policy_document(ordered_json::parse(text), "p");
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().reason == "invalid_policy");
  }
}

TEST_CASE("all that is wrong with a policy is said at once") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto answer = send(plane, "PUT", "/policies/p",
                           std::string{R"({"policies":[{"permission":"a"},{"permission":"b"}],"subjects":["c"]})"});
  const auto message = answer.body["error"].get<std::string>();
  CHECK(message.contains("spec.policies[1]"));
  CHECK(message.contains("spec.policies[2]"));
  CHECK(message.contains("spec.subjects[1]"));
  CHECK(answer.body["code"] == "invalid_policy");
}

TEST_CASE("a change counts for the next question, also when another process made it") {
  const TemporaryDirectory directory;
  Plane one{directory.path()};
  Plane other{directory.path()};
  CHECK(evaluate(one).body["decision"] == "deny");
  REQUIRE(send(other, "PUT", "/policies/p", rules()).status == 201);
  CHECK(evaluate(one).body["decision"] == "allow");
  REQUIRE(send(one, "PUT", "/policies/p", rules("approval_required")).status == 200);
  CHECK(evaluate(other).body["decision"] == "approval_required");
  REQUIRE(send(other, "DELETE", "/policies/p").status == 200);
  CHECK(evaluate(one).body["decision"] == "deny");
}

TEST_CASE("policies are compiled when they changed, and not for every call") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto database = store::Database::open(tests::store_location(directory.path()));
  REQUIRE(database.has_value());
  server::PolicySets sets;
  const auto before = sets.current(*database);
  REQUIRE(before.has_value());
  CHECK(*sets.current(*database) == *before);
  REQUIRE(send(plane, "PUT", "/policies/p", rules()).status == 201);
  const auto after = sets.current(*database);
  CHECK(*after != *before);
  REQUIRE(send(plane, "PUT", "/policies/p", rules()).status == 200);  // the same again
  CHECK(*sets.current(*database) == *after);
}

TEST_CASE("a stored policy that cannot be read closes everything") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(send(plane, "PUT", "/policies/p", rules()).status == 201);
  auto database = store::Database::open(tests::store_location(directory.path()));
  REQUIRE(database.has_value());
  const server::Principal owner{.kind = server::Principal::Kind::local};
  server::Resources resources{*database, server::policies_kind};
  REQUIRE(resources.put({owner}, "q", R"({"policies":[{"permission":"deny","newer":1}]})").has_value());
  const auto answer = evaluate(plane);
  CHECK(answer.status == 500);
  CHECK(answer.body["error"] == "the stored policy \"q\" cannot be read");
}

TEST_CASE("a question that cannot be understood is refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (const auto* body :
       {"", "[]", "{}", R"({"tool_name":1})", R"({"tool_name":"x","principal":"bot"})",
        R"({"tool_name":"x","principal":{}})", R"({"tool_name":"x","principal":{"user":{}}})",
        R"({"tool_name":"x","principal":{"user":{"email":"a","role":"king"}}})",
        R"({"tool_name":"x","principal":{"user":{"email":"a","attributes":[1]}}})",
        R"({"tool_name":"x","principal":{"agent_account":{"name":""}}})", R"({"method":"GET"})",
        R"({"tool_name":"x","arguments":{"a":1,"a":2}})",
        R"({"method":"get","url":"https://a.example/","principal":{"user":{"email":"a"}}})",
        R"({"method":"GET","url":"https://a.example/%2e%2e/..%2f","principal":{"user":{"email":"a"}}})"}) {
    CAPTURE(body);
    CHECK(send(plane, "POST", "/policies/evaluate", std::string{body}).status == 400);
  }
}

TEST_CASE("who is nobody to policies is refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(send(plane, "PUT", "/policies/p", rules()).status == 201);
  const auto answer = send(plane, "POST", "/policies/evaluate", {{"server", "s"}, {"tool_name", "x"}});
  CHECK(answer.body["decision"] == "deny");
  CHECK(answer.body["reason"] == "it is not known who calls");
  auto database = store::Database::open(tests::store_location(directory.path()));
  server::PolicySets sets;
  const auto set = sets.current(*database);
  using Kind = server::Principal::Kind;
  const auto is_allowed = [&](const server::Principal& principal) {
    return (*set)->decide(principal, {.name = "s"}, "x", nullptr, {}).is_allowed();
  };
  server::UserFacts ada;
  ada.id = "u";
  ada.email = "ada@example.org";
  const server::AccountFacts bot{.id = "a", .name = "bot"};
  CHECK(is_allowed({.kind = Kind::user, .user = ada}));
  CHECK(is_allowed({.kind = Kind::account, .account = bot}));
  CHECK(is_allowed({.kind = Kind::delegated, .user = ada, .account = bot}));
  CHECK_FALSE(is_allowed({.kind = Kind::user, .account = bot}));
  CHECK_FALSE(is_allowed({.kind = Kind::account, .user = ada}));
  CHECK_FALSE(is_allowed({.kind = Kind::delegated, .user = ada}));
  CHECK_FALSE(is_allowed({.kind = Kind::delegated, .account = bot}));
  CHECK_FALSE(is_allowed({.kind = Kind::local, .user = ada, .account = bot}));
}

TEST_CASE("an approval says who decides, by the policy that asks for it") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto spec = rules("approval_required");
  spec["approvals"] = {{{"toolIds", {"elsewhere"}}, {"approvers", {{"groups", {"others"}}}}},
                       {{"operations", {"x"}}, {"approvers", {{"groups", {"finance"}}}}, {"defaultDuration", "30m"}}};
  REQUIRE(send(plane, "PUT", "/policies/p", spec).status == 201);
  auto foreign = rules();
  foreign["approvals"] = {{{"approvers", {{"groups", {"strangers"}}}}}};
  REQUIRE(send(plane, "PUT", "/policies/a", foreign).status == 201);
  const auto answer = evaluate(plane).body;
  CHECK(answer["approver_groups"] == ordered_json{"finance"});
  CHECK(answer["approval_duration_s"] == 1800);
  const auto nobody = evaluate(plane, "y").body;
  CHECK(nobody["approver_groups"].empty());
  CHECK(nobody["approval_duration_s"] == 4 * 3600);
}

TEST_CASE("reasons repeat no argument") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  auto spec = rules("deny");
  spec["policies"][0]["arguments"] = {{{"field", "/token"}, {"op", "exists"}, {"value", true}}};
  REQUIRE(send(plane, "PUT", "/policies/p", spec).status == 201);
  const auto answer = send(plane, "POST", "/policies/evaluate",
                           {{"principal", {{"user", {{"email", "ada@example.org"}}}}},
                            {"server", "s"},
                            {"tool_name", "x"},
                            {"arguments", {{"token", "c4n4ry"}}}});
  CHECK(answer.body["decision"] == "deny");
  CHECK(answer.body["reason"] == "rule 1 of policy \"p\" denies x of \"s\" to the user ada@example.org");
}
