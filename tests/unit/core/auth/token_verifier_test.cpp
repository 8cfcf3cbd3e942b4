#include "core/auth/token_verifier.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/auth/key_cache.hpp"
#include "core/auth/key_set.hpp"
#include "signing_key.hpp"

using namespace runagents;
using namespace runagents::auth;
using model::RefusalCode;
using nlohmann::json;
using tests::SigningKey;
using namespace std::chrono_literals;

namespace {

const std::chrono::sys_seconds now{1'790'000'000s};

model::IdentityProvider provider() {
  model::IdentityProvider result;
  result.name = "test";
  result.issuer = "https://id.example.com";
  result.jwks_uri = "https://id.example.com/jwks";
  result.audiences = {"app", "other-app"};
  return result;
}

json claims(const json& changes = json::object()) {
  json result = {{"iss", "https://id.example.com"},
                 {"aud", "app"},
                 {"email", "ada@example.com"},
                 {"iat", now.time_since_epoch().count() - 10},
                 {"exp", now.time_since_epoch().count() + 600}};
  result.merge_patch(changes);
  return result;
}

Result<FetchedKeys> keys(const std::vector<json>& jwks) {
  auto set = KeySet::parse(json{{"keys", jwks}}.dump());
  REQUIRE_MESSAGE(set.has_value(), (set ? std::string{} : set.error()));
  return FetchedKeys{.keys = std::make_shared<const KeySet>(*std::move(set)), .fresh_for = 600s};
}

/// Verifies with one provider that has these keys.
TokenVerifier verifier(const std::vector<json>& jwks, const model::IdentityProvider& one = provider()) {
  TokenVerifier result{{one}};
  result.take_keys(one, keys(jwks), now);
  return result;
}

/// The code of the refusal; nothing: accepted.
std::optional<RefusalCode> refusal(const TokenVerifier& verifier, const std::string& token) {
  const auto verdict = verifier.verify(token, now);
  return verdict ? std::nullopt : std::optional{verdict.error().code};
}

std::optional<RefusalCode> refusal_of_claims(const json& changes, const model::IdentityProvider& one = provider()) {
  const auto key = SigningKey::of("ES256");
  return refusal(verifier({key.jwk("k")}, one), key.issue("k", claims(changes)));
}

const auto invalid = std::optional{RefusalCode::token_invalid};
const auto accepted = std::optional<RefusalCode>{};

}  // namespace

TEST_CASE("every algorithm of the list is accepted") {
  for (const auto* name :
       {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed448"}) {
    CAPTURE(name);
    const auto key = SigningKey::of(name);
    const auto judge = verifier({key.jwk("k")});
    const auto verdict = judge.verify(key.issue("k", claims({{"groups", {"finance"}}})), now);
    REQUIRE(verdict);
    CHECK(verdict->user == "ada@example.com");
    CHECK(verdict->provider == "test");
    CHECK(verdict->groups == std::vector<std::string>{"finance"});
    CHECK(verdict->expires_at == now + 600s);
    CHECK_FALSE(refusal(judge, key.issue("k", claims())));
  }
}

TEST_CASE("a token cannot choose how it is verified") {
  const auto rsa = SigningKey::of("RS256");
  const auto ec = SigningKey::of("ES256");
  const auto judge = verifier({rsa.jwk("rsa"), ec.jwk("ec")});
  const auto payload = claims().dump();
  const auto with = [&](const json& header) { return ec.token(header.dump(), payload); };
  REQUIRE(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}})) == accepted);

  SUBCASE("none, in any case, with and without a signature") {
    for (const auto* name : {"none", "None", "NONE", "nOnE", ""}) {
      const auto unsigned_text = base64url(json{{"alg", name}}.dump()) + "." + base64url(payload) + ".";
      CHECK(refusal(judge, unsigned_text) == invalid);
      CHECK(refusal(judge, with({{"alg", name}, {"kid", "ec"}})) == invalid);
    }
  }
  SUBCASE("HMAC with the public key as the secret") {
    for (const auto& secret : {rsa.public_pem(), rsa.jwk("rsa").dump(), std::string{}}) {
      const auto text = base64url(R"({"alg":"HS256","kid":"rsa"})") + "." + base64url(payload);
      CHECK(refusal(judge, text + "." + base64url(view(hmac_sha256(secret, text)))) == invalid);
    }
  }
  SUBCASE("keys of its own") {
    const auto own = SigningKey::of("EdDSA");
    for (const auto& [name, value] : std::map<std::string, json>{{"jwk", own.jwk("ec")},
                                                                 {"jku", "https://id.example.com/jwks"},
                                                                 {"x5u", "https://id.example.com/cert"},
                                                                 {"x5c", json::array({"MIIB"})},
                                                                 {"crit", json::array({"exp"})},
                                                                 {"b64", false}}) {
      CAPTURE(name);
      CHECK(refusal(judge, own.token(json{{"alg", "EdDSA"}, {"kid", "ec"}, {name, value}}.dump(), payload)) == invalid);
      CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {name, value}})) == invalid);
      CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {name, nullptr}})) == invalid);
    }
  }
  SUBCASE("another key's algorithm, or another curve's") {
    CHECK(refusal(judge, with({{"alg", "RS256"}, {"kid", "rsa"}})) == invalid);
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "rsa"}})) == invalid);
    CHECK(refusal(judge, with({{"alg", "ES384"}, {"kid", "ec"}})) == invalid);
    CHECK(refusal(judge, SigningKey::of("ES384").issue("ec", claims())) == invalid);
    auto only_pss = rsa.jwk("pss");
    only_pss["alg"] = "PS256";
    CHECK(refusal(verifier({only_pss}), SigningKey::of("PS256").issue("pss", claims())) == accepted);
    CHECK(refusal(verifier({only_pss}), rsa.issue("pss", claims())) == invalid);
  }
  SUBCASE("key ids are compared, not looked up anywhere") {
    for (const std::string id : {"../../dev/null", "ec\\0", "ec' OR '1'='1", "EC", "", " ec"}) {
      CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", id}})) == invalid);
    }
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", std::string("ec\0", 3)}})) == invalid);
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", 1}})) == invalid);
    CHECK(refusal(judge, with({{"alg", "ES256"}})) == accepted);
  }
  SUBCASE("types that are no access or identity token's") {
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {"typ", "at+jwt"}})) == accepted);
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {"typ", "application/JWT"}})) == accepted);
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {"typ", "logout+jwt"}})) == invalid);
    CHECK(refusal(judge, with({{"alg", "ES256"}, {"kid", "ec"}, {"typ", 7}})) == invalid);
  }
}

TEST_CASE("a token has one spelling") {
  const auto key = SigningKey::of("ES256");
  const auto judge = verifier({key.jwk("k")});
  const auto good = key.issue("k", claims());
  const auto signature_at = good.rfind('.') + 1;
  const auto payload_at = good.find('.') + 1;
  REQUIRE(refusal(judge, good) == accepted);

  SUBCASE("base64url") {
    for (const auto at : {std::size_t{3}, payload_at, signature_at, good.size()}) {
      for (const auto* text : {"=", " ", "\n", "\t", "%3D", "?", ".", "\xc3\xa9"}) {
        CHECK(refusal(judge, std::string{good}.insert(at, text)) == invalid);
      }
      CHECK(refusal(judge, std::string{good}.insert(at, 1, '\0')) == invalid);
    }
    // 64 bytes end with four spare bits: fifteen other spellings of the last character.
    auto spare = good;
    for (const char last : std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}) {
      spare.back() = last;
      if (spare != good) CHECK(refusal(judge, spare) == invalid);
    }
  }
  SUBCASE("parts") {
    CHECK(refusal(judge, "") == invalid);
    CHECK(refusal(judge, "..") == invalid);
    CHECK(refusal(judge, good.substr(0, signature_at)) == invalid);
    CHECK(refusal(judge, good.substr(0, signature_at - 1)) == invalid);
    CHECK(refusal(judge, good + "." + good.substr(signature_at)) == invalid);
    CHECK(refusal(judge, "Bearer " + good) == invalid);
  }
  SUBCASE("ECDSA: r and s of full length, not DER, neither of them zero") {
    const auto text = good.substr(0, signature_at - 1);
    const auto signature = from_base64url(good.substr(signature_at)).value();
    const auto signed_with = [&](const std::string& bytes) { return text + "." + base64url(bytes); };
    CHECK(refusal(judge, signed_with(signature)) == accepted);
    CHECK(refusal(judge, signed_with(std::string(64, '\0'))) == invalid);
    CHECK(refusal(judge, signed_with(std::string(32, '\0') + signature.substr(32))) == invalid);
    CHECK(refusal(judge, signed_with(signature.substr(0, 63))) == invalid);
    CHECK(refusal(judge, signed_with('\0' + signature.substr(0, 32) + '\0' + signature.substr(32))) == invalid);
    CHECK(refusal(judge, signed_with(std::string(64, '\xff'))) == invalid);
    CHECK(refusal(judge, signed_with("\x30\x06\x02\x01\x01\x02\x01\x01")) == invalid);
  }
  SUBCASE("one JSON object in each part, without a name that occurs twice") {
    const std::string header = R"({"alg":"ES256","kid":"k"})";
    const auto payload = claims().dump();
    const auto inside = payload.substr(1, payload.size() - 2);
    REQUIRE(refusal(judge, key.token(header, std::string_view{payload})) == accepted);
    for (const auto& other :
         {"{" + inside + R"(,"email":"eve@example.com"})", "{" + inside + R"(,"\u0065mail":"eve@example.com"})",
          "{" + inside + R"(,"act":{"sub":"a","sub":"b"}})", payload + payload, payload + " x", "[" + payload + "]",
          "\xef\xbb\xbf" + payload, payload + '\0', std::string{"null"}, std::string{}, std::string{"\"text\""},
          "{" + inside + ",}", "{" + inside + ",\"x\":NaN}", "{" + inside + ",\"x\":1e999}",
          "{" + inside + ",\"x\":\"\xff\"}", "{" + inside + ",\"x\":\"\\ud800\"}", "{/**/" + inside + "}",
          "{" + inside + ",\"x\":" + std::string(5000, '[') + std::string(5000, ']') + "}",
          "{" + inside + ",\"x\":" + std::string(9, '[') + std::string(9, ']') + "}"}) {
      CHECK(refusal(judge, key.token(header, std::string_view{other})) == invalid);
    }
    for (const auto* other : {R"({"alg":"ES256","kid":"k","alg":"none"})", R"({"alg":"none","kid":"k","alg":"ES256"})",
                              R"({"alg":"ES256","kid":"k","kid":"k"})", R"({"alg":["ES256"],"kid":"k"})",
                              R"({"kid":"k"})", R"([{"alg":"ES256"}])", R"({"alg":"es256","kid":"k"})",
                              R"({"alg":"ES256 ","kid":"k"})", R"({"alg":"ES256\u0000","kid":"k"})"}) {
      CHECK(refusal(judge, key.token(std::string_view{other}, std::string_view{payload})) == invalid);
    }
  }
  SUBCASE("of a size that a head can have") {
    CHECK(refusal(judge, key.issue("k", claims({{"x", std::string(8000, 'x')}}))) == accepted);
    CHECK(refusal(judge, key.issue("k", claims({{"x", std::string(20000, 'x')}}))) == invalid);
    CHECK(refusal(judge, std::string(1'000'000, '.')) == invalid);
  }
  SUBCASE("any other bit of the signed text") {
    for (std::size_t at = 0; at < good.size(); at += 7) {
      auto changed = good;
      changed[at] = changed[at] == 'A' ? 'B' : 'A';
      CHECK(refusal(judge, changed).has_value());
    }
  }
}

TEST_CASE("times") {
  const auto seconds = now.time_since_epoch().count();
  CHECK(refusal_of_claims({{"exp", seconds - 59}}) == accepted);
  CHECK(refusal_of_claims({{"exp", seconds - 60}}) == RefusalCode::token_expired);
  CHECK(refusal_of_claims({{"exp", 0}}) == RefusalCode::token_expired);
  CHECK(refusal_of_claims({{"exp", static_cast<double>(seconds) + 0.5}}) == accepted);
  CHECK(refusal_of_claims({{"exp", nullptr}}) == invalid);
  CHECK(refusal_of_claims({{"nbf", seconds + 60}}) == accepted);
  CHECK(refusal_of_claims({{"nbf", seconds + 61}}) == invalid);
  CHECK(refusal_of_claims({{"iat", seconds + 61}}) == invalid);
  for (const auto* claim : {"exp", "nbf", "iat"}) {
    for (const auto& value : {json("tomorrow"), json(std::to_string(seconds + 10)), json(-1), json(1e300),
                              json(UINT64_MAX), json(true), json::array({seconds}), json::object()}) {
      CAPTURE(value.dump());
      CHECK(refusal_of_claims({{claim, value}}) == invalid);
    }
  }
}

TEST_CASE("issuer and audience are compared exactly") {
  for (const auto* issuer : {"https://id.example.com/", "https://ID.example.com", "http://id.example.com", "", "test",
                             "https://id.example.com.evil.example"}) {
    CHECK(refusal_of_claims({{"iss", issuer}}) == invalid);
  }
  CHECK(refusal_of_claims({{"iss", nullptr}}) == invalid);
  CHECK(refusal_of_claims({{"iss", {"https://id.example.com"}}}) == invalid);
  const auto mismatch = std::optional{RefusalCode::audience_mismatch};
  CHECK(refusal_of_claims({{"aud", "app "}}) == mismatch);
  CHECK(refusal_of_claims({{"aud", "APP"}}) == mismatch);
  CHECK(refusal_of_claims({{"aud", nullptr}}) == mismatch);
  CHECK(refusal_of_claims({{"aud", json::array()}}) == mismatch);
  CHECK(refusal_of_claims({{"aud", {"x", "other-app"}}}) == accepted);
  CHECK(refusal_of_claims({{"aud", {"app", 1}}}) == invalid);
  CHECK(refusal_of_claims({{"aud", {{"app", true}}}}) == invalid);
  auto any = provider();
  any.audiences.clear();
  CHECK(refusal_of_claims({{"aud", "whoever"}}, any) == accepted);
  CHECK(refusal_of_claims({{"aud", nullptr}}, any) == accepted);
}

TEST_CASE("the user is one header value that everybody reads alike") {
  for (const auto& user : {json(""), json(nullptr), json(7), json(" ada"), json("ada "), json("a\r\nX-Admin: 1"),
                           json(std::string{"ada\0eve", 7}), json("ada\x7f"), json("ad\u00e4"),
                           json(std::string(257, 'a')), json::array({"ada"})}) {
    CAPTURE(user.dump());
    CHECK(refusal_of_claims({{"email", user}}) == invalid);
  }
  CHECK(refusal_of_claims({{"email_verified", false}}) == invalid);
  CHECK(refusal_of_claims({{"email_verified", "false"}}) == invalid);
  CHECK(refusal_of_claims({{"email_verified", 1}}) == invalid);
  CHECK(refusal_of_claims({{"email_verified", true}}) == accepted);
  auto by_subject = provider();
  by_subject.user_id_claim = "sub";
  CHECK(refusal_of_claims({{"email_verified", false}, {"sub", "u1"}}, by_subject) == accepted);
  CHECK(refusal_of_claims(json::object(), by_subject) == invalid);
}

TEST_CASE("domains of users") {
  auto one = provider();
  one.allowed_email_domains = {"example.com"};
  const auto foreign = std::optional{RefusalCode::domain_not_allowed};
  CHECK(refusal_of_claims(json::object(), one) == accepted);
  CHECK(refusal_of_claims({{"email", "ada@EXAMPLE.com"}}, one) == accepted);
  for (const auto* email : {"ada@sub.example.com", "ada@example.com.evil.example", "ada@example.com@evil.example",
                            "example.com", "ada@evilexample.com", "ada@example.com."}) {
    CHECK(refusal_of_claims({{"email", email}}, one) == foreign);
  }
  one.user_id_claim = "sub";
  CHECK(refusal_of_claims({{"sub", "u1"}, {"email", nullptr}}, one) == foreign);
  CHECK(refusal_of_claims({{"sub", "u1"}, {"email_verified", false}}, one) == invalid);
}

TEST_CASE("providers are apart: a key of one proves nothing about another's users") {
  const auto first = SigningKey::of("ES256");
  const auto second = SigningKey::of("EdDSA");
  auto other = provider();
  other.name = "second";
  other.issuer = "https://other.example.com";
  TokenVerifier judge{{provider(), other}};
  judge.take_keys(provider(), keys({first.jwk("k")}), now);
  judge.take_keys(other, keys({second.jwk("k")}), now);
  const json elsewhere = {{"iss", other.issuer}};
  CHECK(refusal(judge, first.issue("k", claims())) == accepted);
  CHECK(refusal(judge, second.issue("k", claims(elsewhere))) == accepted);
  CHECK(refusal(judge, first.issue("k", claims(elsewhere))) == invalid);
  CHECK(refusal(judge, second.issue("k", claims())) == invalid);
}

TEST_CASE("keys come when they are needed, and a stranger cannot have them fetched at will") {
  const auto key = SigningKey::of("ES256");
  const auto next = SigningKey::of("EdDSA");
  const auto token = key.issue("k", claims({{"exp", now.time_since_epoch().count() + 86400}}));
  const auto rotated = next.issue("k2", claims());
  TokenVerifier judge{{provider()}};
  REQUIRE(judge.needs_keys(token, now) != nullptr);
  CHECK(judge.needs_keys(token, now)->name == "test");
  CHECK(refusal(judge, token) == RefusalCode::keys_unavailable);
  for (const auto* hopeless : {"", "x.y.z", "eyJhbGciOiJub25lIn0.e30."}) {
    CHECK(judge.needs_keys(hopeless, now) == nullptr);
  }
  CHECK(judge.needs_keys(key.issue("k", claims({{"iss", "https://evil.example"}})), now) == nullptr);

  judge.take_keys(provider(), keys({key.jwk("k")}), now);
  CHECK(judge.needs_keys(token, now) == nullptr);
  CHECK(refusal(judge, token) == accepted);
  CHECK(judge.needs_keys(token, now + 599s) == nullptr);
  CHECK(judge.needs_keys(token, now + 600s) != nullptr);

  SUBCASE("a new key is looked for, and the old one goes with the set") {
    REQUIRE(judge.needs_keys(rotated, now) != nullptr);
    judge.take_keys(provider(), keys({next.jwk("k2")}), now);
    CHECK(refusal(judge, rotated) == accepted);
    CHECK(refusal(judge, token) == invalid);
  }
  SUBCASE("unknown keys are looked for so often only") {
    int fetches = 0;
    for (int i = 0; i < 1000; ++i) {
      const auto flood = next.issue("k" + std::to_string(i + 10), claims());
      if (judge.needs_keys(flood, now + std::chrono::milliseconds{i}) == nullptr) continue;
      judge.take_keys(provider(), keys({key.jwk("k")}), now + std::chrono::milliseconds{i});
      ++fetches;
    }
    CHECK(fetches == KeyCache::lookup_burst);
    CHECK(judge.needs_keys(rotated, now + 11s) != nullptr);
  }
  SUBCASE("an outage is bridged for an hour, and asked about ever more seldom") {
    const Result<FetchedKeys> outage = fail(ErrorCode::unavailable, "no route to host");
    const auto stale = now + 600s;
    judge.take_keys(provider(), outage, stale);
    CHECK(judge.needs_keys(token, stale) == nullptr);
    CHECK(judge.needs_keys(token, stale + 1s) != nullptr);
    CHECK(judge.verify(token, stale + KeyCache::max_stale - 1s));
    const auto late = judge.verify(token, stale + KeyCache::max_stale);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == RefusalCode::keys_unavailable);
    const auto unknown = judge.verify(rotated, stale);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == RefusalCode::keys_unavailable);
    int fetches = 0;
    for (int second = 1; second < 600; ++second) {
      if (judge.needs_keys(token, stale + std::chrono::seconds{second}) == nullptr) continue;
      judge.take_keys(provider(), outage, stale + std::chrono::seconds{second});
      ++fetches;
    }
    CHECK(fetches < 30);
    judge.take_keys(provider(), keys({key.jwk("k")}), stale + 700s);
    CHECK(judge.verify(token, stale + 700s));
  }
}

TEST_CASE("a verdict that is remembered ends with the token and with the keys") {
  const auto key = SigningKey::of("ES256");
  auto judge = verifier({key.jwk("k")});
  const auto token = key.issue("k", claims({{"exp", now.time_since_epoch().count() + 100}}));
  REQUIRE(judge.verify(token, now));
  CHECK(judge.verify(token, now + 159s));
  CHECK_FALSE(judge.verify(token, now + 160s));
  judge.take_keys(provider(), keys({SigningKey::of("EdDSA").jwk("k")}), now);
  CHECK_FALSE(judge.verify(token, now));
}

TEST_CASE("a refusal repeats little of the token, and nothing that a terminal would act on") {
  const auto key = SigningKey::of("ES256");
  const auto judge = verifier({key.jwk("k")});
  const auto verdict = judge.verify(key.issue("k\x1b[31m\n" + std::string(200, 'k'), claims()), now);
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().message.size() < 150);
  CHECK(verdict.error().message.find('\x1b') == std::string::npos);
}
