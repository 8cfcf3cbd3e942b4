#include "core/audit/masking.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "tests/unit/effort.hpp"

namespace {

using runagents::audit::append_masked_url;
using runagents::audit::looks_secret;
using runagents::audit::preview_body;
using runagents::tests::effort;

constexpr std::string_view canary = "c4n4ry";

std::string masked_url(std::string_view url) {
  std::string out = "<";
  append_masked_url(out, url);
  return out.substr(1);
}

struct Case {
  std::string_view type;
  std::string_view body;
};

// CPU time, so that a busy machine does not matter; the best of three.
std::clock_t time_of_hostile_previews(std::size_t size) {
  std::string dashes;
  while (dashes.size() < size) dashes += "a-";
  std::clock_t best = std::numeric_limits<std::clock_t>::max();
  for (int i = 0; i < 3; ++i) {
    const std::clock_t start = std::clock();
    for (const std::string& body :
         {std::string(size, '['), std::string(size, '"'), dashes, std::string(size, '\\'),
          std::string(size, ' ') + "token", "token" + std::string(size, ' '), std::string(size, '&')}) {
      for (const auto* type :
           {"application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"}) {
        CHECK(preview_body(body, type).size() <= 4096);
      }
    }
    best = std::min(best, std::clock() - start);
  }
  return best;
}

}  // namespace

TEST_CASE("query values are masked, everything else of a URL is kept") {
  CHECK(masked_url("https://a.example/p") == "https://a.example/p");
  CHECK(masked_url("https://a.example/p?a=1&b=2") == "https://a.example/p?a=***&b=***");
  CHECK(masked_url("/p?a=") == "/p?a=***");
  CHECK(masked_url("/p?a=x=y") == "/p?a=***");
  CHECK(masked_url("/p?") == "/p?");
  CHECK(masked_url("/p?&&a=1") == "/p?&&a=***");
}

TEST_CASE("a query parameter without a name is masked whole") { CHECK(masked_url("/p?c4n4ry&b=2") == "/p?***&b=***"); }

TEST_CASE("a second question mark, a semicolon or a fragment does not end the masking") {
  CHECK(masked_url("/p?a=1?c4n4ry") == "/p?a=***");
  CHECK(masked_url("/p?a=1;b=c4n4ry") == "/p?a=***");
  CHECK(masked_url("/p#c4n4ry") == "/p#***");
}

TEST_CASE("userinfo in a URL is masked") {
  CHECK(masked_url("http://u:c4n4ry@h/p@q?a=1") == "http://***@h/p@q?a=***");
  CHECK(masked_url("h/p@q") == "h/p@q");
}

TEST_CASE("names of secrets are recognised in every spelling") {
  for (const auto* name : {"TOKEN", "access_token", "X-Api-Key", "apiKey", "API_KEY", "clientSecret", "DB_PASSWORD",
                           "credentials", "AWS_SECRET_ACCESS_KEY", "private-key", "PGPASSWORD", "api.key"}) {
    CAPTURE(name);
    CHECK(looks_secret(name));
  }
  for (const auto* name : {"PATH", "HOME", "PWD", "SSH_AUTH_SOCK", "amount", "KEY", "", "monkey", "XAUTHORITY"}) {
    CAPTURE(name);
    CHECK_FALSE(looks_secret(name));
  }
}

TEST_CASE("a secret never shows in a preview") {
  constexpr std::string_view json = "application/json";
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  constexpr std::string_view text = "text/plain";
  const std::array cases = {
      Case{json, R"({"password":"c4n4ry"})"},
      Case{json, R"({"a":[{"b":{"client_secret":"c4n4ry"}}]})"},
      Case{json, R"({"password" : "ab\"c4n4ry"})"},
      Case{json, R"({"p\u0061ssword":"c4n4ry"})"},
      Case{json, R"({"secret":{"x":["c4n4ry",{"y":"}c4n4ry"}]},"a":1})"},
      Case{json, R"({"token":["c4n4ry","]","c4n4ry"]})"},
      Case{json, R"({"token":"c4n4ry)"},
      Case{json, R"({"token":{"a":"c4n4ry)"},
      Case{json, R"({"token":"\)"},
      Case{json, R"({"note":"{\"password\":\"c4n4ry\"}"})"},
      Case{json, R"({"note":"use Bearer c4n4ry.token.value now"})"},
      Case{json, R"({"h":{"Authorization":"Basic c4n4ry"}})"},
      Case{json, R"({"headers":{"Cookie":"s=c4n4ry"}})"},
      Case{json, R"({"k":"sk_live_c4n4ry1234"})"},
      Case{json, R"(["ghp_c4n4ry12345678901234567890"])"},
      Case{json, R"({"sk_live_c4n4ry1234":1})"},
      Case{json, R"({"u":"https://user:c4n4ry@host/"})"},
      Case{json, R"({"pem":"-----BEGIN PRIVATE KEY-----\nc4n4ry\n-----END PRIVATE KEY-----"})"},
      Case{json, "password: c4n4ry"},
      Case{json, "{'password': 'c4n4ry'}"},
      Case{text, R"({"password":"c4n4ry"})"},
      Case{"", R"(  [{"password":"c4n4ry"}])"},
      Case{"application/vnd.api+json; charset=utf-8", R"({"api_key":"c4n4ry"})"},
      Case{form, "user=a&password=c4n4ry"},
      Case{form, "pass%77ord=c4n4ry"},
      Case{form, "client+secret=c4n4ry"},
      Case{form, "card[token]=c4n4ry&x=1"},
      Case{form, "payload=%7B%22password%22%3A%22c4n4ry%22%7D"},
      Case{form, "auth=Bearer%20c4n4ry-1234567"},
      Case{form, "sk_live_c4n4ry1234"},
      Case{text, "Authorization: Bearer c4n4ry-1234567\nX: y"},
      Case{text, "password = c4n4ry"},
      Case{text, "my-secret-sk_live_c4n4ry12=c4n4ry"},
      Case{text, "export API_KEY='c4n4ry'"},
      Case{text, R"(log: {"token":"a\"c4n4ry"})"},
      Case{text, R"(log: "{\"token\":\"c4n4ry\"}")"},
      Case{text, "api_key: a, c4n4ry; b"},
      Case{text, "token => \"c4n4ry\""},
      Case{"application/xml", "<a><password>c4n4ry</password></a>"},
      Case{text, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjNG40cnkifQ.c4n4ry"},
      Case{text, "ZXlKaGJHY2lPaUpJVXpJMU5pSjkuc4n4ry"},
      Case{text, "-----BEGIN RSA PRIVATE KEY-----\nc4n4ry"},
      Case{text, "-----BEGIN EC PRIVATE KEY-----\nc4n4ry\n-----END EC PRIVATE KEY-----\nok"},
      Case{text, "redis://:c4n4ry@localhost/0"},
      Case{"multipart/form-data; boundary=B",
           "--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nc4n4ry\r\n--B--\r\n"},
      Case{"multipart/form-data; boundary=B",
           "--B\r\ncontent-disposition: form-data; name=api_key\r\n\r\nc4n4ry\r\nc4n4ry\r\n--B\r\n\r\nx\r\n--B--"},
      Case{"multipart/form-data; boundary=B",
           "--B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n{\"token\":\"c4n4ry\"}\r\n--B--\r\n"},
  };
  for (const auto& one : cases) {
    const std::string preview = preview_body(one.body, one.type);
    CAPTURE(one.body);
    CAPTURE(preview);
    CHECK(preview.find(canary) == std::string::npos);
    CHECK(preview.find("***") != std::string::npos);
  }
}

TEST_CASE("what a person needs for the decision stays readable") {
  CHECK(preview_body(R"({"amount": 1200, "to":"DE89 3704", "note":"thanks \u00e4"})", "application/json") ==
        R"({"amount": 1200, "to":"DE89 3704", "note":"thanks \u00e4"})");
  CHECK(preview_body(R"({"password":"x","amount":5,"token":{"a":1},"b":[1,2]})", "application/json") ==
        R"({"password":"***","amount":5,"token":"***","b":[1,2]})");
  CHECK(preview_body("amount=5&currency=eur&password=x", "application/x-www-form-urlencoded") ==
        "amount=5&currency=eur&password=***");
  CHECK(preview_body("basic research and a token of thanks", "text/plain") == "basic research and a token of thanks");
  CHECK(preview_body("line one\nline two\tand tab", "text/plain") == "line one\nline two\tand tab");
}

TEST_CASE("masked JSON is still JSON") {
  const std::string body =
      R"({"a":{"password":"x\"y","list":[{"token":null},{"secret":1.5e3}]},"k":"sk_live_123456789\n"})";
  const auto parsed = nlohmann::json::parse(preview_body(body, "application/json"), nullptr, false);
  REQUIRE_FALSE(parsed.is_discarded());
  CHECK(parsed["a"]["password"] == "***");
  CHECK(parsed["a"]["list"][0]["token"] == "***");
  CHECK(parsed["a"]["list"][1]["secret"] == "***");
  CHECK(parsed["k"] == "***\n");
}

TEST_CASE("a credential that the cap cuts is masked, wherever the cut falls") {
  const std::string body = R"({"note":"xx sk_live_c4n4ryc4n4ryc4n4ry yy","password":"c4n4ryc4n4ry","z":"zz"})";
  for (std::size_t limit = 0; limit <= body.size(); ++limit) {
    const std::string preview = preview_body(body, "application/json", limit);
    CAPTURE(limit);
    CHECK(preview.size() <= limit);
    CHECK(preview.find("c4n4") == std::string::npos);
  }
}

TEST_CASE("a body that was cut before is masked up to its end") {
  const std::string body = R"({"n":1,"password":"c4n4ryc4n4ry"})";
  for (std::size_t length = 1; length <= body.size(); ++length) {
    CHECK(preview_body(body.substr(0, length), "application/json").find("c4n4") == std::string::npos);
  }
  const std::string token = "go Bearer c4n4ryc4n4ry";
  for (std::size_t length = 1; length <= token.size(); ++length) {
    CHECK(preview_body(token.substr(0, length), "text/plain").find("c4") == std::string::npos);
  }
}

TEST_CASE("a secret that starts beyond what is looked at never shows") {
  const std::string body = std::string(40000, 'a') + " password=c4n4ry";
  const std::string preview = preview_body(body, "text/plain", 100);
  CHECK(preview.size() <= 100);
  CHECK(preview.ends_with("\xe2\x80\xa6"));
}

TEST_CASE("a cut preview ends at a whole character") {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "\xc3\xa4";
  for (std::size_t limit = 3; limit < 40; ++limit) {
    const std::string preview = preview_body(body, "text/plain", limit);
    CHECK(nlohmann::json(preview).dump().size() >= 2);
    CHECK(preview.size() <= limit);
  }
}

TEST_CASE("binary bodies are only counted") {
  CHECK(preview_body(std::string_view{"ab\0cd", 5}, "text/plain") == "(binary, 5 bytes)");
  CHECK(preview_body("\x1f\x8b\x08\xff", "application/json") == "(binary, 4 bytes)");
  CHECK(preview_body("\xff\xfe", "") == "(binary, 2 bytes)");
  CHECK(preview_body("", "application/json").empty());
}

TEST_CASE("control characters cannot play with the terminal of the person who decides") {
  const std::string preview = preview_body("a\x1b[2Jb\rc\x7f d \xe2\x80\xae e \xc2\x9b f", "text/plain");
  CHECK(preview == R"(a\u001b[2Jb\rc\u007f d \u202e e \u009b f)");
}

TEST_CASE("hostile bodies take linear time and no stack") {
  // Four times as much takes four times as long, and sixteen times if it were quadratic.
  CHECK(time_of_hostile_previews(effort(32000)) < 10 * time_of_hostile_previews(effort(8000)));
  CHECK(preview_body(std::string(75000, '['), "application/json").size() <= 4096);
}
