#include "core/auth/aws_credentials.hpp"

#include <doctest/doctest.h>

using namespace runagents;
using namespace runagents::auth;

TEST_CASE("a secret reference leads to the parts, or to JSON as AWS's tools write it") {
  for (const auto* text : {
           "AKID:sec/ret+1=:tok/en",
           R"({"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"sec/ret+1=","SessionToken":"tok/en"})",
           R"({"Credentials":{"AccessKeyId":"AKID","SecretAccessKey":"sec/ret+1=","SessionToken":"tok/en"}})",
           R"({"roleCredentials":{"accessKeyId":"AKID","secretAccessKey":"sec/ret+1=","sessionToken":"tok/en"}})",
           R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"sec/ret+1=","Token":"tok/en"})",
       }) {
    CAPTURE(text);
    const auto found = parse_aws_credentials(text, "here");
    REQUIRE(found);
    CHECK(found->access_key_id == "AKID");
    CHECK(found->secret_access_key.reveal() == "sec/ret+1=");
    CHECK(found->session_token.reveal() == "tok/en");
    CHECK(found->origin == "here");
    CHECK(!found->expires_at);
  }
  CHECK(parse_aws_credentials("AKID:secret", "")->session_token.empty());
}

TEST_CASE("an expiry is a time, in text or in milliseconds") {
  const auto text =
      parse_aws_credentials(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"2026-01-02T03:04:05Z"})", "");
  const auto number =
      parse_aws_credentials(R"({"accessKeyId":"A","secretAccessKey":"s","expiration":1767323045000})", "");
  REQUIRE(text);
  REQUIRE(number);
  CHECK(text->expires_at == number->expires_at);
  CHECK(text->expires_at->time_since_epoch().count() == 1767323045);
  CHECK(!parse_aws_credentials(R"({"AccessKeyId":"A","SecretAccessKey":"s","Expiration":"soon"})", ""));
}

TEST_CASE("what cannot stand in a request is no credential, and is not repeated") {
  for (const auto* text : {"",
                           ":",
                           "AKID",
                           "AKID:",
                           ":canary9",
                           "AKID:canary9:t:more",
                           "AK ID:canary9",
                           "AK/ID:canary9",
                           "AK,ID:canary9",
                           "AKID:cana ry9",
                           "AKID:canary9\n",
                           "AKID:canary9:t\r\nX-Evil: 1",
                           "AKID:canary9\x7f",
                           "AK\xc3\xbc:canary9",
                           "{",
                           "[]",
                           "{}",
                           "{\"AccessKeyId\":\"AKID\"}",
                           R"({"AccessKeyId":7,"SecretAccessKey":"canary9"})",
                           R"({"AccessKeyId":"A","SecretAccessKey":"canary9\u000a"})",
                           R"({"AccessKeyId":"A","SecretAccessKey":"canary9","SessionToken":"a\r\nb"})"}) {
    CAPTURE(text);
    const auto found = parse_aws_credentials(text, "here");
    REQUIRE(!found);
    CHECK(!(found.error().message + found.error().hint).contains("canary9"));
  }
  CHECK(!parse_aws_credentials(std::string(129, 'A') + ":s", ""));
}
