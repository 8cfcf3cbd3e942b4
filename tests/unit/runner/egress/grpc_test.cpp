#include "runner/egress/grpc.hpp"

#include <array>
#include <doctest/doctest.h>
#include <string>

#include "runner/egress/grpc_answer.hpp"
#include "runner/egress/request_head.hpp"
#include "runner/egress/stages.hpp"
#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using namespace std::chrono_literals;
using runagents::egress::tests::Sample;

namespace {

const std::string target = "/v1/bank.Accounts/Get";

std::string post(const std::string& fields) {
  return "POST " + target + " HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n" + fields + "\r\n";
}

std::optional<GrpcCall> read(const std::string& text) {
  http::RequestHead head;
  REQUIRE(http::parse_request_head(text, {}, head).value_or(0) == text.size());
  return read_grpc(head, {});
}

/// The value of a field line, without its name.
std::string value_of(const std::string& fields, const std::string& name) {
  const auto begin = ("\r\n" + fields).find("\r\n" + name + ": ");
  REQUIRE(begin != std::string::npos);
  const auto from = begin + name.size() + 2;
  return fields.substr(from, fields.find("\r\n", from) - from);
}

}  // namespace

TEST_CASE("a client speaks gRPC when it posts a content type of gRPC") {
  for (const auto* type : {"application/grpc", "application/grpc+proto", "Application/GRPC+json",
                           "application/grpc;charset=utf-8", "application/grpc ; a=b"}) {
    CAPTURE(type);
    CHECK(read(post(std::string{"Content-Type: "} + type + "\r\n")));
  }
  for (const auto* type : {"application/grpc-web", "application/grpc-web+proto", "application/grpcx",
                           "application/json", "text/application/grpc", "application/grp"}) {
    CAPTURE(type);
    CHECK(!read(post(std::string{"Content-Type: "} + type + "\r\n")));
  }
  CHECK(!read(post("")));
  CHECK(!read(post("Content-Type: application/grpc\r\nContent-Type: application/json\r\n")));
  CHECK(!read("GET / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\n\r\n"));
}

TEST_CASE("a timeout of gRPC is 1 to 8 digits and a unit") {
  CHECK(read_grpc_timeout("1H") == 1h);
  CHECK(read_grpc_timeout("2M") == 2min);
  CHECK(read_grpc_timeout("030S") == 30s);
  CHECK(read_grpc_timeout("99999999m") == 99'999'999ms);
  CHECK(read_grpc_timeout("5u") == 5us);
  CHECK(read_grpc_timeout("0n") == 0ns);
  for (const auto* text : {"", "S", "5", "5s", "5 S", " 5S", "+5S", "-5S", "5.0S", "123456789S", "0x5S", "5SS", "5h"}) {
    CAPTURE(text);
    CHECK(!read_grpc_timeout(text));
  }
}

TEST_CASE("a timeout too far away to be counted is far away") {
  CHECK(read_grpc_timeout("99999999H") == 365 * 24h);
  CHECK(read_grpc_timeout("99999999M") == 365 * 24h);
}

TEST_CASE("what is left of a timeout is written in the finest unit that has room") {
  CHECK(write_grpc_timeout(1500ms) == "1500000u");
  CHECK(write_grpc_timeout(99'999'999ns) == "99999999n");
  CHECK(write_grpc_timeout(100'000'000ns) == "100000u");
  CHECK(write_grpc_timeout(100'000'001ns) == "100001u");
  CHECK(write_grpc_timeout(-5s) == "1n");
  CHECK(write_grpc_timeout(365 * 24h) == "31536000S");
  for (const auto left : {1ns, 7777777777777ns, 31536000000000000ns}) {
    CHECK(*read_grpc_timeout(write_grpc_timeout(left)) >= left);
  }
}

TEST_CASE("a deadline that stands twice, or is none, has no reading") {
  const std::string type = "Content-Type: application/grpc\r\n";
  CHECK(read(post(type + "grpc-timeout: 1S\r\n"))->deadline == std::chrono::steady_clock::time_point{1s});
  CHECK(!read(post(type))->deadline);
  CHECK(read(post(type + "grpc-timeout: 1S\r\ngrpc-timeout: 1S\r\n"))->problem.contains("twice"));
  for (const auto* fields : {"grpc-timeout: 1s\r\n", "Grpc-Timeout: soon\r\n", "grpc_timeout: 1\r\n"}) {
    Sample sample{post(type + fields)};
    REQUIRE(sample.parsed);
    sample.call.grpc = read_grpc(sample.head, {});
    const auto verdict = read_target(*sample.snapshot, sample.call);
    REQUIRE(!verdict);
    CHECK(verdict.error().code == model::RefusalCode::bad_request);
  }
}

TEST_CASE("the server is told what is left of the deadline, once") {
  Sample sample{post("Content-Type: application/grpc\r\ngrpc-timeout: 10S\r\n")};
  sample.call.grpc = read_grpc(sample.head, Clock::now() - 4s);
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  std::string out;
  write_request_head(out, sample.call, {});
  const auto left = read_grpc_timeout(value_of(out, "grpc-timeout"));
  REQUIRE(left);
  CHECK(*left <= 6s);
  CHECK(*left > 1s);
  CHECK(out.find("grpc-timeout") == out.rfind("grpc-timeout"));
}

TEST_CASE("a grpc-timeout of a call that is none of gRPC is a field like any other") {
  Sample sample{post("Content-Type: text/plain\r\ngrpc-timeout: soon\r\n")};
  sample.call.grpc = read_grpc(sample.head, {});
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  std::string out;
  write_request_head(out, sample.call, {});
  CHECK(out.contains("grpc-timeout: soon\r\n"));
}

TEST_CASE("a server whose answers are looked into is asked for messages that are not compressed") {
  Sample sample{post("Content-Type: application/grpc\r\ngrpc-accept-encoding: gzip\r\nAccept-Encoding: gzip\r\n")};
  sample.call.grpc = read_grpc(sample.head, {});
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  const auto written = [&sample] {
    std::string out;
    write_request_head(out, sample.call, {});
    return out;
  };
  CHECK(value_of(written(), "grpc-accept-encoding") == "gzip");
  Credential credential{config::Secret{"Bearer real"}, "Authorization", {}, {}};
  credential.scrub = std::make_shared<const ScrubPatterns>(std::vector<std::string_view>{"real"});
  sample.call.credential = std::make_shared<Credential>(std::move(credential));
  CHECK(value_of(written(), "grpc-accept-encoding") == "identity");
  CHECK(!written().contains("gzip"));
}

TEST_CASE("a status counts when there is one, and it is a number") {
  CHECK(find_grpc_status({{"grpc-status", "0"}}) == 0);
  CHECK(find_grpc_status({{"a", "b"}, {"Grpc-Status", "14"}}) == 14);
  CHECK(!find_grpc_status({}));
  CHECK(!find_grpc_status({{"grpc-status", "0"}, {"grpc-status", "7"}}));
  for (const auto* value : {"", "-1", "x", "7 ", "123456789"}) CHECK(!find_grpc_status({{"grpc-status", value}}));
}

TEST_CASE("every refusal has a status of gRPC that is not OK") {
  for (int code = 0; code <= static_cast<int>(model::RefusalCode::internal); ++code) {
    const auto status = grpc_status_of(static_cast<model::RefusalCode>(code));
    CHECK(status > 0);
    CHECK(status <= 16);
  }
  using enum model::RefusalCode;
  CHECK(grpc_status_of(policy_denied) == 7);
  CHECK(grpc_status_of(approval_rejected) == 7);
  CHECK(grpc_status_of(tool_not_registered) == 7);
  CHECK(grpc_status_of(token_missing) == 16);
  CHECK(grpc_status_of(approval_required) == 9);
  CHECK(grpc_status_of(rate_limited) == 8);
  CHECK(grpc_status_of(upstream_tls) == 14);
  CHECK(grpc_status_of(upstream_timeout) == 4);
  CHECK(grpc_status_of(deadline_exceeded) == 4);
  CHECK(grpc_status_of(bad_request) == 3);
  CHECK(grpc_status_of(internal) == 13);
}

TEST_CASE("what a refusal says cannot become another field") {
  Sample sample{post("Content-Type: application/grpc\r\n")};
  auto refusal = refuse(model::RefusalCode::policy_denied, "100% \r\ngrpc-status: 0\r\n\xC3\xBC \x01").error();
  const auto answer = answer_as_grpc(refusal, sample.call);
  CHECK(answer.status == 7);
  CHECK(value_of(answer.fields, "grpc-message") == "POLICY_DENIED: 100%25 %0D%0Agrpc-status: 0%0D%0A%C3%BC %01");
  CHECK(value_of(answer.fields, "grpc-status") == "7");
  CHECK(value_of(answer.fields, "runagents-code") == "POLICY_DENIED");
  CHECK(value_of(answer.fields, "Content-Type") == "application/grpc");
  CHECK(answer.fields.contains("runagents-refusal-bin: ewog"));
}

TEST_CASE("a refusal stays below what clients take as metadata") {
  Sample sample{post("Content-Type: application/grpc\r\n")};
  const auto refusal = refuse(model::RefusalCode::policy_denied, std::string(50'000, '\x01')).error();
  CHECK(answer_as_grpc(refusal, sample.call).fields.size() < 8000);
}

TEST_CASE("no server says what only the proxy says") {
  Sample sample{post("Content-Type: application/grpc\r\n")};
  http::ResponseHead response;
  response.fields = {{"runagents-code", "POLICY_DENIED"}, {"Runagents_Refusal-Bin", "eA"}, {"grpc-status", "7"}};
  std::string out;
  write_response_fields(out, sample.call, response);
  CHECK(out == "grpc-status: 7\r\n");
  write_trailers(out, sample.call, response.fields);
  CHECK(out == "grpc-status: 7\r\n");
}
