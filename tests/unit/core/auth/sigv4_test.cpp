#include "core/auth/sigv4.hpp"

#include <doctest/doctest.h>

using namespace runagents::auth;
using std::chrono::sys_days;
using namespace std::chrono_literals;

namespace {

constexpr auto nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string uri(std::string_view path, SigV4Path rule) {
  const auto text = canonical_request({"GET", path, "", {}, nothing, rule}).text;
  return text.substr(4, text.find('\n', 4) - 4);
}

}  // namespace

// "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference, its four examples.
TEST_CASE("the examples of S3") {
  const SigV4Scope scope{"20130524T000000Z", "us-east-1", "s3"};
  const auto key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);
  const auto made = [&](SigV4Request request) {
    request.path_rule = SigV4Path::object_key;
    request.fields.push_back({"x-amz-content-sha256", request.payload_hash});
    request.fields.push_back({"X-Amz-Date", scope.timestamp});
    request.fields.push_back({"Host", "examplebucket.s3.amazonaws.com"});
    return sign(request, "AKIAIOSFODNN7EXAMPLE", key, scope);
  };
  const auto range = made({"GET", "/test.txt", "", {{"Range", "bytes=0-9"}}, nothing});
  CHECK(range.authorization ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const auto put = made({"PUT",
                         "/test$file.text",
                         "",
                         {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                         "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"});
  CHECK(put.signature == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  CHECK(made({"GET", "/", "lifecycle", {}, nothing}).signature ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(made({"GET", "/", "max-keys=2&prefix=J", {}, nothing}).signature ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// "Create a signed AWS API request", AWS Identity and Access Management User Guide.
TEST_CASE("the example of IAM") {
  const SigV4Scope scope{"20150830T123600Z", "us-east-1", "iam"};
  const auto key = signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope);
  CHECK(hex(key) == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  const SigV4Request request{"GET",
                             "/",
                             "Action=ListUsers&Version=2010-05-08",
                             {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                              {"Host", "iam.amazonaws.com"},
                              {"X-Amz-Date", "20150830T123600Z"}},
                             nothing};
  CHECK(sign(request, "AKIDEXAMPLE", key, scope).signature ==
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_CASE("paths: S3 signs a key as it is, the others encode what was encoded") {
  CHECK(uri("", SigV4Path::normalized) == "/");
  CHECK(uri("/a%20b", SigV4Path::normalized) == "/a%2520b");
  CHECK(uri("/a%20b", SigV4Path::object_key) == "/a%20b");
  CHECK(uri("/a//b/./c/../d/", SigV4Path::normalized) == "/a/b/d/");
  CHECK(uri("/a//b/./c/../d/", SigV4Path::object_key) == "/a//b/./c/../d/");
  CHECK(uri("/../..", SigV4Path::normalized) == "/");
  CHECK(uri("/a/..", SigV4Path::normalized) == "/");
  CHECK(uri("/a+b:c=d;e@f", SigV4Path::object_key) == "/a%2Bb%3Ac%3Dd%3Be%40f");
  CHECK(uri("/a%2Fb", SigV4Path::object_key) == "/a/b");
  CHECK(uri("/a%zz", SigV4Path::object_key) == "/a%25zz");
  CHECK(strict_path("/a+b/%7e/%C3%bc/%2f") == "/a%2Bb/~/%C3%BC/%2F");
  CHECK(strict_path("/") == "/");
}

TEST_CASE("queries have one spelling and one order") {
  CHECK(canonical_query("").empty());
  CHECK(canonical_query("b=2&a=1&a=0") == "a=0&a=1&b=2");
  CHECK(canonical_query("a+b=c+d&e") == "a%20b=c%20d&e=");
  CHECK(canonical_query("&&a=&") == "a=");
  CHECK(canonical_query("a=b=c") == "a=b%3Dc");
  CHECK(canonical_query("a;b=%zz%41") == "a%3Bb=%25zzA");
  CHECK(canonical_query("A=1&a=1&B=1") == "A=1&B=1&a=1");
  // Sorted as they are encoded: "%" comes before letters.
  CHECK(canonical_query("a=1&%C3%BC=2") == "%C3%BC=2&a=1");
}

TEST_CASE("fields are folded, and those of one name stay in their order") {
  const auto made = canonical_request(
      {"GET", "/", "", {{"X-B", "  a   b\t c "}, {"x-a", "2"}, {"X-A", "1"}, {"x-a-b", ""}}, nothing});
  CHECK(made.text == std::string{"GET\n/\n\nx-a:2,1\nx-a-b:\nx-b:a b c\n\nx-a;x-a-b;x-b\n"} + nothing);
  CHECK(made.signed_headers == "x-a;x-a-b;x-b");
}

TEST_CASE("a timestamp has seconds, and no more") {
  CHECK(sigv4_timestamp(sys_days{2026y / 1 / 2} + 3h + 4min + 5s) == "20260102T030405Z");
}
