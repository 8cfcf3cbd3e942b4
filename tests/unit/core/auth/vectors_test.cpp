// Published cases, read where they are: see vectors.hpp.
#include "vectors.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/key_set.hpp"

using namespace runagents::auth;
using nlohmann::json;

namespace {

std::filesystem::path folder() { return runagents::tests::vectors() / "jwt"; }

json read(const std::filesystem::path& file) {
  std::ifstream stream{file};
  return json::parse(stream);
}

/// As a verifier sees it that was given these keys: an error of the key set is a refusal.
bool is_accepted(const std::string& token, const json& keys) {
  const auto set = KeySet::parse(keys.contains("keys") ? keys.dump() : json{{"keys", json::array({keys})}}.dump());
  const auto jws = parse_compact(token);
  return set && jws && verify_signature(*jws, *set);
}

bool is_missing(const std::filesystem::path& file) {
  if (std::filesystem::exists(file)) return false;
  MESSAGE("skipped: there is no " << file.string());
  return true;
}

/// Never accepted: a secret that both sides share is no identity provider's.
bool is_hmac(const std::string& token) {
  const auto header = from_base64url(token.substr(0, token.find('.')));
  const auto object = header ? json::parse(*header, nullptr, false) : json{};
  return object.is_object() && object.value("alg", "").starts_with("HS");
}

}  // namespace

TEST_CASE("Wycheproof: signatures and keys") {
  // Where the verdict differs on purpose, all in json_web_signature_test.
  const std::map<int, std::string> deviations = {
      {346, "the token says PS384 and its key PS256; a key serves the algorithm that it names"},
      {350, "the same"},
      {347, "the key's algorithm is ES521, which does not exist"},
      {351, "the same"},
      {372, "a character outside base64url in the header is an error, not skipped"},
      {373, "the same in the payload"},
  };
  for (const auto* name : {"json_web_signature_test", "json_web_key_test", "json_web_crypto_test"}) {
    const auto file = folder() / "wycheproof" / (std::string{name} + ".json");
    if (is_missing(file)) continue;
    int cases = 0;
    for (const auto& group : read(file)["testGroups"]) {
      const auto& keys = group.contains("public") ? group["public"] : group["private"];
      for (const auto& test : group["tests"]) {
        if (!test.contains("jws")) continue;
        const auto& text = test["jws"];
        const auto token = text.is_string() ? text.get<std::string>() : text.dump();
        CAPTURE(name);
        CAPTURE(group["comment"].dump());
        CAPTURE(test.dump());
        const bool deviates = file.stem() == "json_web_signature_test" && deviations.contains(test["tcId"]);
        const bool is_valid = test["result"] == "valid" && !is_hmac(token) && !deviates;
        CHECK(is_valid == is_accepted(token, keys));
        ++cases;
      }
    }
    MESSAGE(std::string{name} << ": " << cases << " cases");
  }
}

TEST_CASE("RFC 7515, appendix A, and RFC 8037, appendix A.4") {
  const auto file = folder() / "rfc" / "rfc7515.json";
  if (is_missing(file)) return;
  for (const auto& test : read(file)) {
    CAPTURE(test["id"].dump());
    CHECK((test["result"] == "accept" && !is_hmac(test["jws"])) == is_accepted(test["jws"], test["jwk"]));
  }
}

// A JWS may be detached, have several signatures, an unprotected header or a payload that is not encoded. None of that
// is a token in compact serialisation, and none is accepted.
TEST_CASE("RFC 7520, section 4, and RFC 7797") {
  const auto directory = folder() / "rfc7520";
  if (is_missing(directory)) return;
  int accepted = 0;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    const auto test = read(entry.path());
    if (!test.contains("output")) continue;
    const auto name = entry.path().filename().string();
    CAPTURE(name);
    const auto& key = test["input"]["key"];
    const bool is_plain =
        name.starts_with("4_1.") || name.starts_with("4_2.") || name.starts_with("4_3.") || name == "jws.json";
    const auto compact = test["output"].value("compact", "");
    CHECK(is_plain == is_accepted(compact, key.is_array() ? json{{"keys", key}} : key));
    accepted += is_plain ? 1 : 0;
  }
  CHECK(accepted == 4);
}
