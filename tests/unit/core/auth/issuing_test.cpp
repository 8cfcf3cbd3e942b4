#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/key_set.hpp"
#include "core/auth/signing_key.hpp"

namespace {

using namespace runagents;
using auth::SigningKey;

auth::KeySet key_set(const SigningKey& key) {
  auto set = auth::KeySet::parse(R"({"keys":[)" + key.public_jwk() + "]}");
  REQUIRE(set.has_value());
  return std::move(*set);
}

}  // namespace

TEST_CASE("what a signing key signs is verified with its published part") {
  for (const auto* algorithm : {"ES256", "RS256"}) {
    CAPTURE(algorithm);
    const auto key = SigningKey::generate(algorithm);
    REQUIRE(key.has_value());
    // ECDSA's numbers are shorter than the curve now and then.
    for (int i = 0; i < (key->algorithm().curve.empty() ? 1 : 600); ++i) {
      const auto token = key->sign("at+jwt", R"({"n":)" + std::to_string(i) + "}");
      const auto jws = auth::parse_compact(token);
      REQUIRE(jws.has_value());
      REQUIRE(auth::verify_signature(*jws, key_set(*key)));
      CHECK(jws->type == "at+jwt");
      CHECK(jws->key_id == key->id());
      CHECK(jws->algorithm->name == algorithm);
    }
  }
}

TEST_CASE("another key's signature is none") {
  const auto key = SigningKey::generate("ES256");
  const auto other = SigningKey::generate("ES256");
  REQUIRE((key && other));
  CHECK(key->id() != other->id());
  const auto token = key->sign("at+jwt", "{}");
  const auto jws = auth::parse_compact(token);
  REQUIRE(jws.has_value());
  CHECK_FALSE(auth::verify_signature(*jws, key_set(*other)));
}

TEST_CASE("a signing key outlives its process as PKCS #8") {
  for (const auto* algorithm : {"ES256", "RS256"}) {
    const auto key = SigningKey::generate(algorithm);
    REQUIRE(key.has_value());
    const auto der = key->private_der();
    const auto again = SigningKey::read(algorithm, der.reveal());
    REQUIRE(again.has_value());
    CHECK(again->id() == key->id());
    CHECK(again->public_jwk() == key->public_jwk());
    const auto* other = std::string_view{algorithm} == "ES256" ? "RS256" : "ES256";
    CHECK(SigningKey::read(other, der.reveal()).error().code == ErrorCode::conflict);
    CHECK(SigningKey::read(algorithm, der.reveal().substr(1)).error().code == ErrorCode::conflict);
  }
  CHECK(SigningKey::generate("HS256").error().code == ErrorCode::usage);
  CHECK(SigningKey::generate("none").error().code == ErrorCode::usage);
}

TEST_CASE("a published key has no private member, and its thumbprint as its id") {
  const auto key = SigningKey::generate("ES256");
  REQUIRE(key.has_value());
  const auto jwk = nlohmann::json::parse(key->public_jwk());
  CHECK_FALSE(jwk.contains("d"));
  CHECK(jwk["use"] == "sig");
  CHECK(jwk["alg"] == "ES256");
  CHECK(jwk["kid"] == key->id());
  CHECK(auth::from_base64url(key->id())->size() == 32);
}
