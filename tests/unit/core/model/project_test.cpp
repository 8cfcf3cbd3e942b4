#include "core/model/project.hpp"

#include <doctest/doctest.h>

namespace runagents::model {
namespace {

TEST_CASE("a tool is found by its exact name") {
  Project project;
  project.tools.resize(2);
  project.tools[0].name = "stripe";
  project.tools[1].name = "stripe-api";
  CHECK(project.tool("stripe-api") == &project.tools[1]);
  CHECK(project.tool("strip") == nullptr);
  CHECK(project.tool("") == nullptr);
}

TEST_CASE("an agent's identity is a SPIFFE ID of its trust domain") {
  Project project;
  project.agent.name = "billing-agent";
  CHECK(project.agent_identity() == "spiffe://local/agent/billing-agent");
  project.trust_domain = "example.org";
  CHECK(project.agent_identity() == "spiffe://example.org/agent/billing-agent");
}

TEST_CASE("permissions and kinds of references have their words") {
  CHECK(word(Permission::allow) == "allow");
  CHECK(word(Permission::deny) == "deny");
  CHECK(word(Permission::approval_required) == "approval_required");
  CHECK(SecretReference{SecretReference::Kind::env, "A"}.to_string() == "env:A");
  CHECK(SecretReference{SecretReference::Kind::file, "a b"}.to_string() == "file:a b");
  CHECK(SecretReference{SecretReference::Kind::store, "a"}.to_string() == "store:a");
  CHECK(SecretReference{SecretReference::Kind::exec, "a b"}.to_string() == "exec:a b");
  CHECK(SecretReference{SecretReference::Kind::keyring, "a/b"}.to_string() == "keyring:a/b");
}

}  // namespace
}  // namespace runagents::model
