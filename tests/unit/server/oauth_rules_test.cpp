#include <doctest/doctest.h>
#include <initializer_list>
#include <string>
#include <string_view>

#include "server/oauth/authorization_request.hpp"
#include "server/oauth/device_codes.hpp"
#include "server/oauth/form.hpp"
#include "server/oauth/oauth_clients.hpp"

namespace {

using namespace std::string_literals;
using runagents::server::canonical_user_code;
using runagents::server::Form;
using runagents::server::is_loopback_redirect;
using runagents::server::is_redirect_uri;
using runagents::server::may_redirect;
using runagents::server::OAuthClient;

OAuthClient client_with(std::initializer_list<std::string> uris) {
  return {.id = "c", .name = {}, .redirect_uris = uris, .created_at = {}};
}

std::string with_challenge(const std::string& challenge, std::string_view method = "S256") {
  return "response_type=code&client_id=c&redirect_uri=x&code_challenge=" + challenge +
         "&code_challenge_method=" + std::string{method};
}

}  // namespace

TEST_CASE("a form is decoded as the URL standard has it") {
  const auto form = Form::parse("a=b+c%20d&e=%C3%A9&flag&=nameless&&resource=1&resource=2&empty=");
  REQUIRE(form.has_value());
  CHECK(form->value("a") == "b c d");
  CHECK(form->value("e") == "é");
  CHECK_FALSE(form->has("flag"));
  CHECK_FALSE(form->has("empty"));
  CHECK_FALSE(form->has("unknown"));
  CHECK(form->value("").starts_with("nameless"));
  CHECK(form->values("resource") == std::vector<std::string>{"1", "2"});
  CHECK(Form::parse("")->value("a").empty());
}

TEST_CASE("a form that could be read in two ways is refused") {
  for (const auto& text : {"a=1&a=1"s, "a=1&a="s, "a=&a"s, "%61=1&a=2"s, "a=%"s, "a=%4"s, "a=%4g"s, "%zz=1"s, "a=%00"s,
                           "a=%ff"s, "a=%c0%af"s, "a=%ed%a0%80"s, "a="s + '\0', "a=\xff"s}) {
    CAPTURE(text);
    CHECK_FALSE(Form::parse(text).has_value());
  }
  std::string many;
  for (std::size_t i = 0; i < Form::max_parameters; ++i) many += "p" + std::to_string(i) + "=1&";
  CHECK(Form::parse(many).has_value());
  CHECK_FALSE(Form::parse(many + "one=more").has_value());
  CHECK(Form::parse("a=" + std::string(Form::max_bytes - 2, 'x')).has_value());
  CHECK_FALSE(Form::parse("a=" + std::string(Form::max_bytes - 1, 'x')).has_value());
}

TEST_CASE("redirect URIs are https, or lead to this machine") {
  for (const std::string_view uri :
       {"https://app.example/cb", "https://app.example:8443/cb?x=y", "http://127.0.0.1/cb", "http://127.0.0.1:5/",
        "http://localhost:65535/cb", "http://[::1]:5/cb", "http://127.0.0.1", "http://localhost?x"}) {
    CAPTURE(uri);
    CHECK(is_redirect_uri(uri));
    CHECK(is_loopback_redirect(uri) == uri.starts_with("http://"));
  }
  for (const std::string_view uri : {"",
                                     "/cb",
                                     "app.example/cb",
                                     "http://app.example/cb",
                                     "http://127.0.0.2/cb",
                                     "http://127.0.0.1.evil.example/",
                                     "http://127.0.0.1@evil.example/",
                                     "http://localhost.evil.example/",
                                     "http://127.0.0.1:/",
                                     "http://127.0.0.1:x/",
                                     "http://127.0.0.1:123456/",
                                     "https://app.example/#f",
                                     "https://user@app.example/",
                                     "https:///cb",
                                     "https://",
                                     "https://a b/",
                                     "https://app.example/\n",
                                     "https://app.example/\"",
                                     "https://app.example/<",
                                     "HTTPS:\\\\evil",
                                     "javascript:alert(1)",
                                     "data:text/html,x",
                                     "file:///etc/passwd",
                                     "com.example:/cb",
                                     "https://app.example/ü"}) {
    CAPTURE(uri);
    CHECK_FALSE(is_redirect_uri(uri));
  }
  CHECK_FALSE(is_redirect_uri("https://app.example/" + std::string(2000, 'x')));
}

TEST_CASE("a redirect URI is the registered one but for the port of this machine") {
  const auto near = client_with({"http://127.0.0.1:1/cb?x=y"});
  CHECK(may_redirect(near, "http://127.0.0.1:1/cb?x=y"));
  CHECK(may_redirect(near, "http://127.0.0.1:40000/cb?x=y"));
  CHECK(may_redirect(near, "http://127.0.0.1/cb?x=y"));
  for (const std::string_view uri :
       {"http://127.0.0.1:1/cb", "http://127.0.0.1:1/cb?x=z", "http://localhost:1/cb?x=y", "http://[::1]:1/cb?x=y",
        "https://127.0.0.1:1/cb?x=y", "http://127.0.0.1:1/CB?x=y"}) {
    CAPTURE(uri);
    CHECK_FALSE(may_redirect(near, uri));
  }
  const auto far = client_with({"https://app.example/cb"});
  CHECK(may_redirect(far, "https://app.example/cb"));
  for (const std::string_view uri : {"https://app.example:443/cb", "https://app.example/cb/",
                                     "https://app.example/cb?x", "https://APP.example/cb", "http://127.0.0.1/cb"}) {
    CAPTURE(uri);
    CHECK_FALSE(may_redirect(far, uri));
  }
  CHECK_FALSE(may_redirect(client_with({}), "http://127.0.0.1/cb"));
}

TEST_CASE("user codes are read as people type them") {
  for (const std::string_view typed : {"BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "b.c-d_f-gh jk"}) {
    CAPTURE(typed);
    CHECK(canonical_user_code(typed) == "BCDF-GHJK");
  }
  for (const std::string_view typed : {"", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ0", "BCDF/GHJK",
                                       "BCDF-GHJ\xc3\xa9", "BCDF-GHJKBCDF-GHJK"}) {
    CAPTURE(typed);
    CHECK(canonical_user_code(typed).empty());
  }
}

TEST_CASE("an authorization request needs PKCE with SHA-256") {
  const std::string challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";  // RFC 7636, appendix B
  const auto read = [](const std::string& text) {
    return runagents::server::read_authorization_request(*Form::parse(text));
  };
  const auto good = read(with_challenge(challenge) + "&state=s&resource=a&resource=b");
  REQUIRE(good.has_value());
  CHECK(good->code_challenge == challenge);
  CHECK(good->state == "s");
  CHECK(good->resources == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(good->is_for_device());
  for (const auto& text :
       {with_challenge(challenge, "plain"), with_challenge(challenge, ""), with_challenge(""),
        with_challenge(challenge.substr(1)), with_challenge(challenge + "A"), with_challenge("!" + challenge.substr(1)),
        with_challenge(challenge) + "&response_mode=form_post"}) {
    CAPTURE(text);
    REQUIRE_FALSE(read(text).has_value());
    CHECK(read(text).error().error == "invalid_request");
  }
}

TEST_CASE("a redirect keeps the query of its URI, and what comes from outside is encoded") {
  const auto answer = runagents::server::redirect_with(
      {.redirect_uri = "https://app.example/cb?x=y", .state = "a&b=c\r\nx"}, "https://s", "code", "c&d");
  CHECK(answer.status == 303);
  CHECK(runagents::api::field(answer.fields, "location") ==
        "https://app.example/cb?x=y&code=c%26d&state=a%26b%3Dc%0D%0Ax&iss=https%3A%2F%2Fs");
}

TEST_CASE("a page's form leads to the program's own place only") {
  CHECK(runagents::server::form_target_of("https://app.example:8443/cb?x;y") == "https://app.example:8443");
  CHECK(runagents::server::form_target_of("http://127.0.0.1:5?x") == "http://127.0.0.1:5");
  CHECK(runagents::server::form_target_of("http://[::1]:5/cb") == "http:");
  CHECK(runagents::server::form_target_of("").empty());
  CHECK(runagents::server::host_of("https://app.example:8443/cb") == "app.example:8443");
}
