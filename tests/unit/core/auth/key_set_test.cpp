#include "core/auth/key_set.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/key_lifetime.hpp"
#include "core/auth/signature_algorithm.hpp"
#include "signing_key.hpp"

using namespace runagents;
using namespace runagents::auth;
using nlohmann::json;
using tests::SigningKey;
using namespace std::chrono_literals;

namespace {

/// How many keys are kept of a set with one good key and this one.
std::size_t kept_with(const json& key) {
  const auto good = SigningKey::of("EdDSA").jwk("good");
  const auto set = KeySet::parse(json{{"keys", {good, key}}}.dump());
  REQUIRE(set);
  return set->size();
}

json changed(json key, const json& changes) {
  key.merge_patch(changes);
  return key;
}

http::FetchResponse answer(std::vector<std::pair<std::string, std::string>> fields) {
  return {.status = 200, .fields = std::move(fields), .body = {}};
}

}  // namespace

TEST_CASE("keys that cannot verify a signature here are left out") {
  const auto rsa = SigningKey::of("RS256").jwk("k");
  const auto ec = SigningKey::of("ES256").jwk("k");
  const auto okp = SigningKey::of("EdDSA").jwk("k");
  for (const auto& key : {rsa, ec, okp, SigningKey::of("Ed448").jwk("k")}) CHECK(kept_with(key) == 2);
  CHECK(kept_with(changed(ec, {{"use", "sig"}, {"alg", "ES256"}, {"key_ops", {"verify"}}, {"x5t", "ignored"}})) == 2);

  const json bad[] = {changed(ec, {{"use", "enc"}}),
                      changed(ec, {{"key_ops", {"encrypt"}}}),
                      changed(ec, {{"key_ops", "verify"}}),
                      changed(ec, {{"alg", "ES384"}}),
                      changed(ec, {{"alg", "ECDH-ES"}}),
                      changed(ec, {{"alg", "none"}}),
                      changed(ec, {{"alg", 1}}),
                      changed(ec, {{"kid", 1}}),
                      changed(ec, {{"crv", "P-384"}}),
                      changed(ec, {{"crv", "secp256k1"}}),
                      changed(ec, {{"crv", nullptr}}),
                      changed(ec, {{"kty", "RSA"}}),
                      changed(ec, {{"kty", "ec"}}),
                      changed(ec, {{"x", ec["y"]}}),
                      changed(ec, {{"x", "AA" + ec["x"].get<std::string>()}}),
                      changed(ec, {{"y", nullptr}}),
                      changed(ec, {{"y", ec["y"].get<std::string>() + "="}}),
                      changed(okp, {{"crv", "X25519"}}),
                      changed(okp, {{"x", base64url(std::string(31, 'x'))}}),
                      changed(rsa, {{"e", "AQ"}}),
                      changed(rsa, {{"e", "Ag"}}),
                      changed(rsa, {{"e", "Aw"}}),
                      changed(rsa, {{"e", base64url(std::string(200, '\x01'))}}),
                      changed(rsa, {{"n", base64url(std::string(128, '\xff'))}}),
                      changed(rsa, {{"n", base64url(std::string(4096, '\xff'))}}),
                      changed(rsa, {{"n", nullptr}}),
                      json{{"kty", "oct"}, {"k", "c2VjcmV0"}},
                      json("text"),
                      json::object(),
                      json(nullptr)};
  for (const auto& key : bad) {
    CAPTURE(key.dump());
    CHECK(kept_with(key) == 1);
  }
}

TEST_CASE("what is no key set, or has nothing of use, is an error") {
  const auto key = SigningKey::of("EdDSA").jwk("k");
  for (const auto& text :
       {std::string{}, std::string{"<html>"}, std::string{"{}"}, std::string{R"({"keys":{}})"},
        std::string{R"({"keys":[]})"}, key.dump(), std::string{R"({"keys":[{"kty":"oct","k":"AA"}]})"},
        R"({"keys":[],"keys":[)" + key.dump() + "]}", std::string(KeySet::max_bytes + 1, ' '),
        json{{"keys", std::vector<json>(KeySet::max_keys + 1, key)}}.dump()}) {
    CHECK_FALSE(KeySet::parse(text));
  }
}

TEST_CASE("a token without a key id is not tried with every key of a crowd") {
  const auto key = SigningKey::of("ES256").jwk("k");
  const auto* algorithm = signature_algorithm("ES256");
  const auto few = KeySet::parse(json{{"keys", std::vector<json>(KeySet::max_candidates, key)}}.dump()).value();
  CHECK(few.candidates(*algorithm, nullptr).size() == KeySet::max_candidates);
  const auto many = KeySet::parse(json{{"keys", std::vector<json>(KeySet::max_candidates + 1, key)}}.dump()).value();
  CHECK(many.candidates(*algorithm, nullptr).empty());
}

// RFC 9111, section 4.2.
TEST_CASE("how long keys are kept is the provider's choice, within bounds") {
  CHECK(key_lifetime(answer({})) == default_key_lifetime);
  CHECK(key_lifetime(answer({{"cache-control", "public, max-age=900, must-revalidate"}})) == 900s);
  CHECK(key_lifetime(answer({{"cache-control", "Max-Age=\"900\""}})) == 900s);
  CHECK(key_lifetime(answer({{"cache-control", "max-age=900"}, {"age", "300"}})) == 600s);
  CHECK(key_lifetime(answer({{"cache-control", "max-age=900"}, {"age", "100000"}})) == min_key_lifetime);
  CHECK(key_lifetime(answer({{"cache-control", "max-age=99999999999999999999"}})) == max_key_lifetime);
  CHECK(key_lifetime(answer({{"cache-control", "max-age=-1"}})) == min_key_lifetime);
  CHECK(key_lifetime(answer({{"cache-control", "no-store"}})) == min_key_lifetime);
  CHECK(key_lifetime(answer({{"cache-control", "max-age=900"}, {"cache-control", "max-age=300"}})) == 300s);
  CHECK(key_lifetime(
            answer({{"date", "Thu, 26 Nov 2026 01:00:00 GMT"}, {"expires", "Thu, 26 Nov 2026 01:05:00 GMT"}})) == 300s);
  CHECK(key_lifetime(answer({{"date", "Thu, 26 Nov 2026 01:00:00 GMT"}, {"expires", "0"}})) == min_key_lifetime);
}
