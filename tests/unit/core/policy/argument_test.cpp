#include "core/policy/argument.hpp"

#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/policy/json_arguments.hpp"

using nlohmann::json;
using runagents::model::ArgumentCondition;
using runagents::model::Scalar;
using runagents::policy::ArgumentTest;
using runagents::policy::Expression;
using runagents::policy::JsonArguments;
using runagents::policy::Match;
using runagents::policy::parse_pointer;
using Operator = ArgumentCondition::Operator;

namespace {

Match match(std::string field, Operator op, std::vector<Scalar> values, const json& arguments) {
  const auto test = ArgumentTest::compile({std::move(field), op, std::move(values)});
  if (!test) FAIL(test.error().message);
  const JsonArguments view{arguments};
  return test->match(&view);
}

Match match(Operator op, Scalar value, const json& argument) {
  return match("/x", op, {std::move(value)}, {{"x", argument}});
}

Scalar text(const char* value) { return std::string{value}; }
Scalar number(std::int64_t value) { return value; }

}  // namespace

TEST_CASE("texts are compared byte by byte") {
  CHECK(match(Operator::eq, text("acme"), "acme") == Match::yes);
  CHECK(match(Operator::eq, text("acme"), "Acme") == Match::no);
  CHECK(match(Operator::eq, text("\xC3\xBC"), "u\xCC\x88") == Match::no);
  CHECK(match(Operator::eq, text(""), "") == Match::yes);
  CHECK(match(Operator::eq, text("a"), std::string("a\0", 2)) == Match::no);
  CHECK(match(Operator::ne, text("acme"), "Acme") == Match::yes);
  CHECK(match(Operator::ne, text("acme"), "acme") == Match::no);
  CHECK(match(Operator::prefix, text("/srv/"), "/srv/x") == Match::yes);
  CHECK(match(Operator::prefix, text("/srv/"), "/srv") == Match::no);
  CHECK(match(Operator::suffix, text(".example.org"), "a.example.org") == Match::yes);
  CHECK(match(Operator::suffix, text(".example.org"), "a.example.org.") == Match::no);
  CHECK(match(Operator::contains, text("DROP"), "x; DROP TABLE") == Match::yes);
  CHECK(match(Operator::contains, text("DROP"), "x; drop table") == Match::no);
  CHECK(match(Operator::lt, text("2026-01-02"), "2026-01-01") == Match::yes);
  CHECK(match(Operator::ge, text("b"), "a") == Match::no);
}

TEST_CASE("numbers are compared exactly, whole and with a fraction alike") {
  CHECK(match(Operator::eq, number(1), 1) == Match::yes);
  CHECK(match(Operator::eq, number(1), 1.0) == Match::yes);
  CHECK(match(Operator::eq, 0.5, 0.5) == Match::yes);
  CHECK(match(Operator::le, number(100), 100) == Match::yes);
  CHECK(match(Operator::le, number(100), 100.00001) == Match::no);
  CHECK(match(Operator::lt, number(0), -1) == Match::yes);
  CHECK(match(Operator::gt, number(100), 1e300) == Match::yes);
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  CHECK(match(Operator::eq, number(largest), largest) == Match::yes);
  CHECK(match(Operator::eq, number(largest), largest - 1) == Match::no);
  CHECK(match(Operator::gt, number(largest), std::numeric_limits<std::uint64_t>::max()) == Match::yes);
  CHECK(match(Operator::lt, number(std::numeric_limits<std::int64_t>::min() + 1),
              std::numeric_limits<std::int64_t>::min()) == Match::yes);
}

TEST_CASE("lists of allowed values, and values in lists") {
  const std::vector<Scalar> allowed = {text("a"), number(1), true};
  const auto in = [&](const json& value) { return match("/x", Operator::in, allowed, {{"x", value}}); };
  const auto not_in = [&](const json& value) { return match("/x", Operator::not_in, allowed, {{"x", value}}); };
  CHECK(in("a") == Match::yes);
  CHECK(in("b") == Match::no);
  CHECK(in(1) == Match::yes);
  CHECK(in(2) == Match::no);
  CHECK(in(false) == Match::no);
  CHECK(in(nullptr) == Match::unknown);
  CHECK(not_in("a") == Match::no);
  CHECK(not_in("b") == Match::yes);
  CHECK(not_in(json::array({"b"})) == Match::unknown);
  CHECK(match(Operator::contains, text("ops"), json::array({"dev", "ops"})) == Match::yes);
  CHECK(match(Operator::contains, text("ops"), json::array({"dev", "OPS"})) == Match::no);
  CHECK(match(Operator::contains, text("ops"), json::array()) == Match::no);
  CHECK(match(Operator::contains, number(2), json::array({1, 2.0})) == Match::yes);
}

TEST_CASE("what is missing or of another type cannot be evaluated") {
  const json arguments = {{"text", "a"}, {"number", 1}, {"null", nullptr}, {"list", {1, "a"}}, {"object", {{"a", 1}}}};
  for (const auto op : {Operator::eq, Operator::ne, Operator::prefix, Operator::suffix, Operator::contains,
                        Operator::matches, Operator::lt, Operator::le, Operator::gt, Operator::ge}) {
    CAPTURE(word(op));
    for (const auto* field : {"/missing", "/number", "/null", "/object", "/text/a", "/list/2", "/list/-", "/"}) {
      CAPTURE(field);
      CHECK(match(field, op, {text("a")}, arguments) == Match::unknown);
    }
  }
  CHECK(match("/text", Operator::eq, {number(1)}, arguments) == Match::unknown);
  CHECK(match("/text", Operator::ne, {true}, arguments) == Match::unknown);
  CHECK(match("/number", Operator::eq, {true}, arguments) == Match::unknown);
  CHECK(match("/list", Operator::eq, {text("a")}, arguments) == Match::unknown);
  CHECK(match("/list", Operator::contains, {text("b")}, arguments) == Match::unknown);
  CHECK(match("/text", Operator::contains, {number(1)}, arguments) == Match::unknown);
  CHECK(match("/a", Operator::eq, {text("a")}, json::array({"a"})) == Match::unknown);
  CHECK(match("/a", Operator::eq, {text("a")}, json("a")) == Match::unknown);
}

TEST_CASE("arguments that are not known leave every condition open") {
  for (const bool wanted : {true, false}) {
    const auto test = ArgumentTest::compile({"/x", Operator::exists, {wanted}});
    CHECK(test.value().match(nullptr) == Match::unknown);
  }
  CHECK(ArgumentTest::compile({"/x", Operator::ne, {text("a")}}).value().match(nullptr) == Match::unknown);
}

TEST_CASE("an argument that is there, be it null, exists") {
  const json arguments = {{"null", nullptr}, {"list", {1}}};
  CHECK(match("/null", Operator::exists, {true}, arguments) == Match::yes);
  CHECK(match("/list/0", Operator::exists, {true}, arguments) == Match::yes);
  CHECK(match("/list/1", Operator::exists, {true}, arguments) == Match::no);
  CHECK(match("/other", Operator::exists, {false}, arguments) == Match::yes);
  CHECK(match("/null", Operator::exists, {false}, arguments) == Match::no);
}

TEST_CASE("a text that is too long for an expression cannot be evaluated") {
  CHECK(match(Operator::matches, text("a*"), std::string(Expression::max_text, 'a')) == Match::yes);
  CHECK(match(Operator::matches, text("a*"), std::string(Expression::max_text + 1, 'a')) == Match::unknown);
}

TEST_CASE("pointers lead where RFC 6901 says") {
  const auto document = json::parse(
      R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"0":9,"~1":10})");
  const auto eq = [&](const char* field, Scalar value) { return match(field, Operator::eq, {value}, document); };
  CHECK(eq("/foo/0", text("bar")) == Match::yes);
  CHECK(eq("/", number(0)) == Match::yes);
  CHECK(eq("/a~1b", number(1)) == Match::yes);
  CHECK(eq("/c%d", number(2)) == Match::yes);
  CHECK(eq("/i\\j", number(5)) == Match::yes);
  CHECK(eq("/k\"l", number(6)) == Match::yes);
  CHECK(eq("/ ", number(7)) == Match::yes);
  CHECK(eq("/m~0n", number(8)) == Match::yes);
  CHECK(eq("/0", number(9)) == Match::yes);
  CHECK(eq("/~01", number(10)) == Match::yes);
  for (const auto* nowhere : {"/foo/00", "/foo/01", "/foo/-1", "/foo/+0", "/foo/0x0", "/foo/ 0", "/foo/0 ", "/foo/1e0",
                              "/foo/18446744073709551616", "/FOO/0", "/foo/0/", "//", "/a"}) {
    CAPTURE(nowhere);
    CHECK(match(nowhere, Operator::exists, {true}, document) == Match::no);
  }
  for (const auto* bad : {"", "foo", "/~", "/~2", "/a~", "#/foo", " /foo"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_pointer(bad).has_value());
  }
  CHECK_FALSE(parse_pointer("/" + std::string(runagents::policy::max_pointer, 'a')).has_value());
}

TEST_CASE("a deep pointer finds what is deep") {
  std::string pointer;
  json arguments = "found";
  for (int i = 0; i < 250; ++i) {
    pointer += "/a";
    arguments = json{{"a", std::move(arguments)}};
  }
  CHECK(match(pointer, Operator::eq, {text("found")}, arguments) == Match::yes);
  CHECK(match(pointer + "/a", Operator::eq, {text("found")}, arguments) == Match::unknown);
}

TEST_CASE("conditions that mean nothing are refused") {
  const auto is_refused = [](Operator op, std::vector<Scalar> values, const char* field = "/x") {
    return !ArgumentTest::compile({field, op, std::move(values)}).has_value();
  };
  CHECK(is_refused(Operator::eq, {}));
  CHECK(is_refused(Operator::in, {}));
  CHECK(is_refused(Operator::eq, {text("a"), text("b")}));
  CHECK(is_refused(Operator::eq, {text("a")}, "x"));
  CHECK(is_refused(Operator::prefix, {number(1)}));
  CHECK(is_refused(Operator::suffix, {true}));
  CHECK(is_refused(Operator::matches, {number(1)}));
  CHECK(is_refused(Operator::matches, {text("(")}));
  CHECK(is_refused(Operator::lt, {true}));
  CHECK(is_refused(Operator::exists, {text("true")}));
  CHECK(is_refused(Operator::eq, {std::numeric_limits<double>::quiet_NaN()}));
  CHECK(is_refused(Operator::lt, {std::numeric_limits<double>::infinity()}));
}
