#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/policy/target.hpp"

using namespace std::string_view_literals;
using runagents::model::RefusalCode;
using runagents::policy::canonical_host;

namespace {

std::string canonical(std::string_view raw) {
  std::string scratch;
  const auto host = canonical_host(raw, scratch);
  return host ? std::string(*host) : "refused: " + host.error().message;
}

RefusalCode refusal(std::string_view raw) {
  std::string scratch;
  const auto host = canonical_host(raw, scratch);
  CAPTURE(raw);
  REQUIRE_FALSE(host.has_value());
  CHECK_FALSE(host.error().message.empty());
  return host.error().code;
}

}  // namespace

TEST_CASE("a canonical host is returned as a view of the input") {
  for (const auto raw : {"api.stripe.com"sv, "localhost"sv, "my_service"sv, "127.0.0.1"sv, "xn--bcher-kva.example"sv,
                         "1e100.net"sv, "r3---sn-4g5e6n.example"sv}) {
    std::string scratch;
    const auto host = canonical_host(raw, scratch);
    REQUIRE(host);
    CHECK(*host == raw);
    CHECK(host->data() == raw.data());
    CHECK(scratch.empty());
  }
}

TEST_CASE("hosts are lower-cased and lose one trailing dot") {
  CHECK(canonical("API.Stripe.COM") == "api.stripe.com");
  CHECK(canonical("api.stripe.com.") == "api.stripe.com");
  CHECK(canonical("XN--BCHER-KVA.example.") == "xn--bcher-kva.example");
}

TEST_CASE("labels in other scripts become A-labels, non-transitionally") {
  CHECK(canonical("b\u00fccher.example") == "xn--bcher-kva.example");
  CHECK(canonical("B\u00dcCHER.example") == "xn--bcher-kva.example");
  CHECK(canonical("bu\u0308cher.example") == "xn--bcher-kva.example");
  CHECK(canonical("fa\u00df.de") == "xn--fa-hia.de");
  CHECK(canonical("\u4f8b\u3048.\u30c6\u30b9\u30c8") == "xn--r8jz45g.xn--zckzah");
}

TEST_CASE("an ASCII name in disguise is ambiguous") {
  for (const auto raw : {"\uff11\uff12\uff17.0.0.1"sv, "\uff45xample.com"sv, "example\u3002com"sv, "example\uff0ecom"sv,
                         "\u24d4xample.com"sv, "\u2460.example"sv, "b\u00fccher\u3002example"sv, "ex\u00adample.com"sv,
                         "\ufb01le.example"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("what IDNA 2008 does not allow is ambiguous") {
  for (const auto raw : {"\U0001F510.example"sv, "\xff\xfe.example"sv, "b\xc3"sv, "\u200dx.example"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("other spellings of IPv4 addresses are ambiguous") {
  for (const auto raw : {"127.1"sv, "127.0.1"sv, "2130706433"sv, "0x7f.1"sv, "0x7f000001"sv, "0177.0.0.1"sv,
                         "127.0.0.01"sv, "127.0.0.0x1"sv, "256.1.1.1"sv, "1.2.3.4.5"sv, "127.0.0.1."sv, "0"sv, "0x"sv,
                         "foo.1"sv, "foo.0x1f"sv, "foo.0X1F"sv, "00.0.0.0"sv, "999.999.999.999"sv, "1.4"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("plain dotted quads are themselves") {
  for (const auto* raw : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "10.20.30.40"}) CHECK(canonical(raw) == raw);
}

TEST_CASE("IPv6 stands in brackets and takes the form of RFC 5952") {
  CHECK(canonical("[::1]") == "::1");
  CHECK(canonical("[2001:DB8:0:0:0:0:0:1]") == "2001:db8::1");
  CHECK(canonical("[2001:db8:0:1:1:1:1:1]") == "2001:db8:0:1:1:1:1:1");
  CHECK(canonical("[::]") == "::");
  for (const auto raw : {"[::ffff:127.0.0.1]"sv, "[::ffff:7f00:1]"sv, "[::127.0.0.1]"sv, "[::7f00:1]"sv,
                         "[fe80::1%eth0]"sv, "[fe80::1%25eth0]"sv, "[127.0.0.1]"sv, "[example.com]"sv, "[]"sv,
                         "[v1.fe80]"sv, "[[::1]]"sv, "[::1\0]"sv, "[1:2:3]"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
  CHECK(refusal("[::1") == RefusalCode::bad_request);
  CHECK(refusal("::1") == RefusalCode::bad_request);
}

TEST_CASE("encoded, control and user information characters are ambiguous") {
  for (const auto raw : {"ex%61mple.com"sv, "%31.example"sv, "a\\b"sv, "user@host"sv, "a\tb"sv, "a\0b"sv, "a\x7f"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("what is no host name is a bad request") {
  const std::string long_label(64, 'a');
  std::string long_script;
  for (int i = 0; i < 10000; ++i) long_script += "\u00fc";
  std::string long_name;
  for (int i = 0; i < 130; ++i) long_name += "a.";
  for (const std::string_view raw :
       {""sv, "."sv, ".."sv, ".a"sv, "a..b"sv, "a.."sv, "a b"sv, "*.example.com"sv, "a,b"sv, "a:80"sv, "<a>"sv, "a'b"sv,
        std::string_view(long_label), std::string_view(long_script), std::string_view(long_name)}) {
    CHECK(refusal(raw) == RefusalCode::bad_request);
  }
}
