#include "core/policy/subject.hpp"

#include <doctest/doctest.h>

using runagents::policy::parse_subject;
using runagents::policy::Subject;
using runagents::policy::SubjectKind;

TEST_CASE("a subject is everyone, or a kind and a text") {
  const auto read = [](std::string_view text) { return parse_subject(text).value(); };
  CHECK(read("everyone") == Subject{SubjectKind::everyone, ""});
  CHECK(read("agent:bot") == Subject{SubjectKind::agent, "bot"});
  CHECK(read("account:billing-bot") == Subject{SubjectKind::account, "billing-bot"});
  CHECK(read("user:ada@example.org") == Subject{SubjectKind::user, "ada@example.org"});
  CHECK(read("group:a:b = c") == Subject{SubjectKind::group, "a:b = c"});
  CHECK(read("role:admin") == Subject{SubjectKind::role, "admin"});
  CHECK(read("attribute:title=a=b") == Subject{SubjectKind::attribute, "title=a=b"});
}

TEST_CASE("what names nobody is no subject") {
  for (const auto* text : {"", "Everyone", "everyone:x", "nobody", "agent", "agent:", "Agent:bot", "user:", "group:",
                           "attribute:", "attribute:a", "attribute:=b", "attribute:a=", "team:x", " agent:bot"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_subject(text).has_value());
  }
}
