#include "core/auth/oauth2.hpp"

#include <doctest/doctest.h>

#include "core/auth/base64.hpp"

using namespace runagents;
using namespace runagents::auth;

namespace {

/// An authorization server that keeps what it is sent.
struct Server {
  http::FetchRequest seen;
  Result<http::FetchResponse> answer =
      http::FetchResponse{.status = 200, .fields = {}, .body = R"({"access_token":"at","token_type":"Bearer"})"};
  Fetch fetch = [this](const http::FetchRequest& request) {
    seen = request;
    return answer;
  };

  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [one, value] : seen.fields) {
      if (one == name) return value;
    }
    return {};
  }
};

model::Auth sample() {
  model::Auth auth;
  auth.token_url = "https://auth.example.com/token";
  auth.revocation_url = "https://auth.example.com/revoke";
  auth.client_id = "c:1";
  auth.scopes = {"a", "b"};
  auth.client_auth = model::ClientAuth::client_secret_basic;
  return auth;
}

const config::Secret secret{"s/e+c %"};

}  // namespace

TEST_CASE("a client shows who it is in the way it was told") {
  Server server;
  auto auth = sample();
  CHECK(OAuth2Client{auth, secret, server.fetch}.client_credentials().has_value());
  CHECK(server.seen.url == auth.token_url);
  CHECK(server.seen.method == "POST");
  CHECK(server.seen.body == "grant_type=client_credentials&scope=a%20b");
  CHECK(server.field("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(server.field("Authorization") == "Basic " + base64("c%3A1:s%2Fe%2Bc%20%25"));
  auth.client_auth = model::ClientAuth::client_secret_post;
  CHECK(OAuth2Client{auth, secret, server.fetch}.client_credentials().has_value());
  CHECK(server.field("Authorization").empty());
  CHECK(server.seen.body == "grant_type=client_credentials&scope=a%20b&client_id=c%3A1&client_secret=s%2Fe%2Bc%20%25");
  auth.client_auth = model::ClientAuth::none;
  CHECK(OAuth2Client{auth, secret, server.fetch}.refresh(config::Secret{"rt"}).has_value());
  CHECK(server.seen.body == "grant_type=refresh_token&refresh_token=rt&client_id=c%3A1");
}

TEST_CASE("each grant sends what its RFC says") {
  Server server;
  auto auth = sample();
  auth.audience = "api";
  auth.resource = "https://r";
  const OAuth2Client client{auth, secret, server.fetch};
  CHECK(client.redeem("co de", "http://127.0.0.1:1/callback/t", "v").has_value());
  CHECK(server.seen.body ==
        "grant_type=authorization_code&code=co%20de&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback%2Ft"
        "&code_verifier=v&resource=https%3A%2F%2Fr");
  CHECK(client.exchange(config::Secret{"user"}).has_value());
  CHECK(server.seen.body ==
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=user"
        "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
        "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&scope=a%20b&audience=api"
        "&resource=https%3A%2F%2Fr");
}

TEST_CASE("revocation goes to its own endpoint, and a failure names no token") {
  Server server;
  const auto auth = sample();
  const OAuth2Client client{auth, secret, server.fetch};
  server.answer = http::FetchResponse{.status = 200, .fields = {}, .body = ""};
  CHECK(client.revoke(config::Secret{"rt"}, "refresh_token").has_value());
  CHECK(server.seen.url == auth.revocation_url);
  CHECK(server.seen.body == "token=rt&token_type_hint=refresh_token");
  server.answer = http::FetchResponse{.status = 503, .fields = {}, .body = "rt-token"};
  const auto failed = client.revoke(config::Secret{"rt-token"}, "refresh_token");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().message.find("rt-token") == std::string::npos);
}

TEST_CASE("a server that is not there is a temporary failure") {
  Server server;
  server.answer = fail(ErrorCode::unavailable, "https://auth.example.com/token cannot be reached");
  const auto auth = sample();
  const auto outcome = OAuth2Client{auth, secret, server.fetch}.client_credentials();
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().kind == TokenFailure::Kind::temporary);
}
