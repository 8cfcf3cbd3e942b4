#include "core/auth/base64.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace runagents::auth;

// RFC 4648, section 10.
TEST_CASE("base64 pads, base64url does not") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64url("\xfb\xff") == "-_8");
}

TEST_CASE("base64url has one spelling for every value") {
  CHECK(from_base64url("Zm9vYg") == "foob");
  CHECK(from_base64url("-_8") == "\xfb\xff");
  CHECK(from_base64url("").value_or("?").empty());
  for (const auto* text : {"Zg==", "Zm8=", "Zh", "Zm9=", "Z", "Zm9vY", "Zm 9", "Zm9\n", "+/8", "Zm9v\xc3\xa9"}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64url(text));
  }
}
