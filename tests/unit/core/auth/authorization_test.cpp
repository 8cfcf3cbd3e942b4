#include "core/auth/authorization.hpp"

#include <doctest/doctest.h>

using namespace runagents;
using namespace runagents::auth;

TEST_CASE("the authorization URL says everything, encoded") {
  model::Auth auth;
  auth.auth_url = "https://auth.example.com/authorize";
  auth.client_id = "a client&";
  auth.scopes = {"read", "write"};
  auth.audience = "api";
  auth.resource = "https://api.example.com/";
  auth.auth_params = {{"prompt", "consent"}};
  CHECK(authorization_url(auth, "http://127.0.0.1:8000/callback/drive", "STATE", "CHALLENGE") ==
        "https://auth.example.com/authorize?response_type=code&client_id=a%20client%26"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fcallback%2Fdrive&scope=read%20write&state=STATE"
        "&code_challenge=CHALLENGE&code_challenge_method=S256&audience=api&resource=https%3A%2F%2Fapi.example.com%2F"
        "&prompt=consent");
}

TEST_CASE("an authorization URL may have a query already") {
  model::Auth auth;
  auth.auth_url = "https://auth.example.com/authorize?tenant=1";
  auth.client_id = "c";
  const auto url = authorization_url(auth, "r", "s", "p");
  CHECK(url.starts_with("https://auth.example.com/authorize?tenant=1&response_type=code&"));
  CHECK(url.find("scope") == std::string::npos);
}

TEST_CASE("an authorization response is read") {
  const auto response = read_authorization_response("state=a%2Bb&code=x+y&iss=https%3A%2F%2Fi&session_state=z");
  REQUIRE(response.has_value());
  CHECK(response->state == "a+b");
  CHECK(response->code == "x y");
  CHECK(response->iss == "https://i");
  const auto error = read_authorization_response("error=access_denied&state=s");
  REQUIRE(error.has_value());
  CHECK(error->error == "access_denied");
}

TEST_CASE("an authorization response that could be read in two ways is none") {
  for (const auto* query :
       {"", "code=a", "state=s", "code=a&state=", "code=a&error=b&state=s", "code=a&state=s&state=t",
        "code=a&code=a&state=s", "code=a&state=s&iss=1&iss=2", "code=a&state=s&c%6fde=b", "code=%zz&state=s",
        "code=%a&state=s", "code=%", "code=a&state=s%", "code&state=s"}) {
    CAPTURE(query);
    CHECK_FALSE(read_authorization_response(query).has_value());
  }
}
