#include "core/auth/pkce.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace runagents::auth;

TEST_CASE("the challenge is that of RFC 7636, appendix B") {
  CHECK(code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST_CASE("verifiers are of the form of RFC 7636, section 4.1, and never come twice") {
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto verifier = new_code_verifier();
    CHECK(verifier.size() == 43);
    CHECK(verifier.find_first_not_of(unreserved) == std::string::npos);
    CHECK(seen.insert(verifier).second);
  }
}
