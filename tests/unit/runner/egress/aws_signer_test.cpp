#include "runner/egress/aws_signer.hpp"

#include <doctest/doctest.h>

#include "runner/egress/request_head.hpp"
#include "runner/egress/stages.hpp"
#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using runagents::egress::tests::get;
using runagents::egress::tests::Sample;

namespace {

model::Auth sigv4() {
  model::Auth auth;
  auth.type = model::AuthType::aws_sigv4;
  return auth;
}

std::shared_ptr<const Credential> credential(std::string service, std::string_view token = {}) {
  auto keys = auth::make_aws_credentials("AKID", "secret-canary", token, "test");
  REQUIRE(keys);
  auto made = std::make_shared<Credential>();
  made->signer = std::make_unique<AwsSigner>(std::make_shared<auth::AwsCredentials>(std::move(*keys)), "eu-west-1",
                                             std::move(service), true);
  return made;
}

std::string sent(Sample& sample, const std::string& service, std::string_view token = {}) {
  REQUIRE(sample.parsed);
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  sample.call.credential = credential(service, token);
  std::string out;
  write_request_head(out, sample.call, {});
  return out;
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

AwsPayload payload(const std::string& said, bool over_tls, bool is_s3, bool has_body = true, bool held = false) {
  const std::string field = said.empty() ? "" : "X-Amz-Content-Sha256: " + said + "\r\n";
  Sample sample{get(field + (has_body ? "Content-Length: 5\r\n" : "")), sigv4()};
  REQUIRE(sample.parsed);
  if (held) sample.call.held_body = "hello";
  return aws_payload(sample.call, over_tls, is_s3);
}

}  // namespace

TEST_CASE("a signature stands in the head once, and nothing of the agent's") {
  Sample sample{
      get("Authorization: AWS4-HMAC-SHA256 mine\r\nX-Amz-Date: mine\r\nx-amz-date: mine\r\nX_Amz_Date: mine\r\n"
          "X-Amz-Security-Token: mine\r\nX-Amz-Content-Sha256: mine\r\nX-Amz-Region-Set: mine\r\nDate: mine\r\n"
          "X-Amz-Meta-A: kept\r\n",
          "/v1/a+b?X-Amz-Signature=mine&b=2+3&X-Amz-Credential=mine&a"),
      sigv4()};
  const auto out = sent(sample, "s3", "token");
  CHECK(!out.contains("mine"));
  CHECK(!out.contains("canary"));
  CHECK(out.starts_with("GET /v1/a%2Bb?b=2%203&a HTTP/1.1\r\n"));
  for (const auto* name : {"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKID/", "\r\nX-Amz-Date: 2",
                           "\r\nX-Amz-Content-Sha256: ", "\r\nX-Amz-Security-Token: token\r\n"}) {
    CHECK(count(out, name) == 1);
  }
  CHECK(out.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-security-token, "));
}

TEST_CASE("other services get the path as it was judged") {
  Sample sample{get({}, "/v1/a+b/c%20d"), sigv4()};
  const auto out = sent(sample, "execute-api");
  CHECK(out.starts_with("GET /v1/a+b/c%20d HTTP/1.1\r\n"));
  CHECK(!out.contains("Security-Token"));
}

TEST_CASE("parameters of old signatures are S3's alone") {
  const std::string target = "/v1/x?AWSAccessKeyId=a&Signature=b&Expires=c";
  Sample s3{get({}, target), sigv4()};
  CHECK(sent(s3, "s3").starts_with("GET /v1/x HTTP"));
  Sample other{get({}, target), sigv4()};
  CHECK(sent(other, "execute-api").starts_with("GET " + target + " HTTP"));
}

TEST_CASE("how a body is covered") {
  const std::string hash(64, 'a');
  CHECK(payload("", true, true) == AwsPayload::unsigned_body);
  CHECK(payload("", true, false) == AwsPayload::to_be_held);
  CHECK(payload("", false, true) == AwsPayload::to_be_held);
  CHECK(payload("", true, true, false) == AwsPayload::hashed);
  CHECK(payload("", false, false, true, true) == AwsPayload::hashed);
  CHECK(payload(hash, false, false) == AwsPayload::from_agent);
  CHECK(payload(std::string(64, 'A'), false, false) == AwsPayload::to_be_held);
  CHECK(payload(hash, false, false, true, true) == AwsPayload::hashed);
  CHECK(payload("UNSIGNED-PAYLOAD", true, false) == AwsPayload::from_agent);
  CHECK(payload("UNSIGNED-PAYLOAD", false, false) == AwsPayload::to_be_held);
  CHECK(payload("STREAMING-UNSIGNED-PAYLOAD-TRAILER", true, true) == AwsPayload::from_agent);
  CHECK(payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true, true) == AwsPayload::chunk_signed);
  CHECK(payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", true, true, true, true) == AwsPayload::chunk_signed);
  CHECK(payload("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", true, true, false) == AwsPayload::hashed);
  CHECK(payload(hash + "\r\nX-Amz-Content-Sha256: " + std::string(64, 'b'), true, false) == AwsPayload::to_be_held);
}
