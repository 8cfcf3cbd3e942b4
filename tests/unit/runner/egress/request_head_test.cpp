#include "runner/egress/request_head.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "runner/egress/stages.hpp"
#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using runagents::egress::tests::get;
using runagents::egress::tests::Sample;

namespace {

model::Auth bearer() {
  model::Auth auth;
  auth.type = model::AuthType::bearer;
  return auth;
}

model::Auth query_key() {
  model::Auth auth;
  auth.type = model::AuthType::api_key;
  auth.place = model::Auth::Place::query;
  auth.name = "key";
  return auth;
}

std::string forwarded(Sample& sample, RequestFraming framing = {}) {
  REQUIRE(sample.parsed);
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  if (sample.call.tool->auth.type == model::AuthType::bearer) {
    sample.call.credential =
        std::make_shared<Credential>(Credential{config::Secret{"Bearer real"}, "Authorization", {}, {}});
  } else if (sample.call.tool->auth.type == model::AuthType::api_key) {
    sample.call.credential = std::make_shared<Credential>(Credential{config::Secret{"real"}, {}, "key", {}});
  }
  sample.call.end_user = sample.snapshot->end_user;
  std::string out;
  write_request_head(out, sample.call, framing);
  return out;
}

bool has(const std::string& text, const std::string& part) { return text.contains(part); }

}  // namespace

TEST_CASE("a request is written anew, with the tool's own authority") {
  Sample sample{get("Accept: text/plain\r\n", "/v1/items?a=1")};
  CHECK(forwarded(sample) == "GET /v1/items?a=1 HTTP/1.1\r\nHost: api.example.com\r\nAccept: text/plain\r\n\r\n");
}

TEST_CASE("an agent's own credential never stands beside the injected one") {
  for (const auto* fields : {"Authorization: Bearer mine\r\n", "authorization: mine\r\nAUTHORIZATION: again\r\n"}) {
    Sample sample{get(fields), bearer()};
    const auto out = forwarded(sample);
    CHECK(has(out, "Authorization: Bearer real\r\n"));
    CHECK(!has(out, "mine"));
    CHECK(!has(out, "again"));
  }
}

TEST_CASE("a Connection field cannot take away what the proxy adds") {
  Sample sample{get("Connection: X-End-User-ID, Authorization, X-Hop\r\nX-Hop: 1\r\n"), bearer(), "alice"};
  const auto out = forwarded(sample);
  CHECK(has(out, "Authorization: Bearer real\r\n"));
  CHECK(has(out, "X-End-User-ID: alice\r\n"));
  CHECK(!has(out, "X-Hop"));
  CHECK(!has(out, "Connection"));
}

TEST_CASE("fields of the hop and fields that only the proxy may say are dropped, in any spelling") {
  const std::vector<std::string> dropped = {
      "Keep-Alive: 5",        "Proxy-Authorization: x", "Proxy-Connection: x",  "TE: trailers",
      "Upgrade: h2c",         "HTTP2-Settings: AAA",    "Forwarded: for=1",     "X-Forwarded-For: 1",
      "x-forwarded-proto: x", "X_Forwarded_For: 1",     "X-End-User-ID: eve",   "X_End_User_ID: eve",
      "x-end_user-id: eve",   "X-RunAgents-Agent: eve", "x_runagents_run: eve",
  };
  for (const auto& line : dropped) {
    Sample sample{get(line + "\r\n"), bearer(), "alice"};
    const auto out = forwarded(sample);
    CHECK_MESSAGE(!has(out, line), line);
    CHECK(!has(out, "eve"));
  }
}

TEST_CASE("the agent's values for the credential's query parameter go, however they are spelt") {
  for (const auto* query : {"key=mine&a=1", "a=1&key=mine", "a=1&%6Bey=mine", "a=1&key=mine&k%65y=two", "a=1&key",
                            "a=1;key=mine", "key=mine;a=1"}) {
    Sample sample{get("", std::string{"/v1/items?"} + query), query_key()};
    const auto out = forwarded(sample);
    CHECK_MESSAGE(has(out, "GET /v1/items?a=1&key=real HTTP/1.1"), query);
  }
  Sample without{get(), query_key()};
  CHECK(has(forwarded(without), "GET /v1/items?key=real HTTP/1.1"));
}

TEST_CASE("framing is the proxy's own") {
  Sample sample{"POST /v1/items HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nContent-Length: 5\r\n\r\n"};
  const auto out = forwarded(sample, {.framing = http::Framing::length, .content_length = 5});
  CHECK(has(out, "Content-Length: 5\r\n"));
  Sample empty{"POST /v1/items HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n"};
  CHECK(has(forwarded(empty), "Content-Length: 0\r\n"));
}

TEST_CASE("trailers that frame, route or authenticate are dropped") {
  const Sample sample{get()};
  std::string out;
  write_trailers(
      out, sample.call,
      {{"X-Sum", "1"}, {"Content-Length", "5"}, {"Authorization", "x"}, {"Host", "h"}, {"X-End-User-ID", "eve"}});
  CHECK(out == "X-Sum: 1\r\n");
}

TEST_CASE("a Location inside the tool leads back to its door, any other stays") {
  Sample sample{get()};
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  const auto location = [&sample](const std::string& value) {
    http::ResponseHead response;
    response.fields = {{"Location", value}};
    std::string out;
    write_response_fields(out, sample.call, response);
    return out;
  };
  CHECK(location("https://api.example.com/v1/new?a=1") == "Location: http://127.0.0.1:4000/v1/new?a=1\r\n");
  CHECK(location("https://API.example.com:443/v1/new") == "Location: http://127.0.0.1:4000/v1/new\r\n");
  CHECK(location("https://api.example.com/other") == "Location: https://api.example.com/other\r\n");
  CHECK(location("https://elsewhere.example/v1/new") == "Location: https://elsewhere.example/v1/new\r\n");
  CHECK(location("http://api.example.com/v1/new") == "Location: http://api.example.com/v1/new\r\n");
  CHECK(location("/v1/new") == "Location: /v1/new\r\n");
}

TEST_CASE("a tool cannot speak as the proxy, nor lead past it") {
  Sample sample{get()};
  http::ResponseHead response;
  response.fields = {{"Proxy-Status", "runagents; error=x"},
                     {"Alt-Svc", "h3"},
                     {"Keep-Alive", "1"},
                     {"Connection", "X-Y"},
                     {"X-Y", "1"},
                     {"ETag", "1"}};
  sample.call.tool = sample.arrival.tool;
  std::string out;
  write_response_fields(out, sample.call, response);
  CHECK(out == "ETag: 1\r\n");
}
