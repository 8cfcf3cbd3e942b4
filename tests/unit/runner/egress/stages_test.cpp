#include "runner/egress/stages.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using namespace runagents::egress;
using enum model::RefusalCode;
using runagents::egress::tests::get;
using runagents::egress::tests::Sample;

namespace {

std::string_view code_of(const Verdict& verdict) { return verdict ? "pass" : model::traits(verdict.error().code).word; }

std::string alias(const std::string& line, const std::string& fields = "Host: 127.0.0.1:4000\r\n") {
  return line + " HTTP/1.1\r\n" + fields + "\r\n";
}

std::string_view read_alias(const std::string& text) {
  Sample sample{text};
  REQUIRE(sample.parsed);
  return code_of(read_target(*sample.snapshot, sample.call));
}

std::string_view read_forward(const std::string& text) {
  Sample sample{text};
  REQUIRE(sample.parsed);
  sample.arrival.door = Door::forward;
  sample.arrival.tool = nullptr;
  return code_of(read_target(*sample.snapshot, sample.call));
}

}  // namespace

TEST_CASE("a tool's own door takes paths for itself, and nothing else") {
  CHECK(read_alias(alias("GET /v1/items")) == "pass");
  CHECK(read_alias(alias("GET /v1/items", "Host: LOCALHOST:4000\r\n")) == "pass");
  CHECK(read_alias(alias("GET /v1/items", "Host: 127.0.0.1:4001\r\n")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET /v1/items", "Host: 127.0.0.1\r\n")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET /v1/items", "Host: api.example.com\r\n")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET /v1/items", "Host: evil.example\r\n")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET http://127.0.0.1:4000/v1/items")) == "pass");
  CHECK(read_alias(alias("GET https://127.0.0.1:4000/v1/items")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET https://api.example.com/v1/items")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET http://127.0.0.1:4000@evil.example/v1/items")) == "MISDIRECTED");
  CHECK(read_alias(alias("GET http://127.0.0.1:4000")) == "BAD_REQUEST");
  CHECK(read_alias(alias("OPTIONS *")) == "BAD_REQUEST");
  CHECK(read_alias(alias("CONNECT api.example.com:443")) == "METHOD_NOT_ALLOWED");
  CHECK(read_alias(alias("TRACE /v1/items")) == "METHOD_NOT_ALLOWED");
  CHECK(read_alias(alias("track /v1/items")) == "METHOD_NOT_ALLOWED");
  CHECK(read_alias(alias("GET /v1/%2e%2e/%2e%2e/x")) == "AMBIGUOUS_TARGET");
  CHECK(read_alias(alias("GET /v1/items?a#b")) != "pass");
}

TEST_CASE("the forward proxy takes absolute URLs whose Host agrees") {
  const auto get_with_host = [](const std::string& host) {
    return alias("GET https://api.example.com/v1/items", "Host: " + host + "\r\n");
  };
  CHECK(read_forward(get_with_host("api.example.com")) == "pass");
  CHECK(read_forward(get_with_host("API.example.com:443")) == "pass");
  CHECK(read_forward(get_with_host("api.example.com:80")) == "MISDIRECTED");
  CHECK(read_forward(get_with_host("evil.example")) == "MISDIRECTED");
  CHECK(read_forward(alias("GET /v1/items", "Host: api.example.com\r\n")) == "MISDIRECTED");
  CHECK(read_forward(alias("GET https://u:p@api.example.com/", "Host: api.example.com\r\n")) != "pass");
  CHECK(read_forward(alias("CONNECT api.example.com:443", "Host: api.example.com:443\r\n")) == "pass");
  CHECK(read_forward(alias("CONNECT https://api.example.com/", "Host: api.example.com\r\n")) == "METHOD_NOT_ALLOWED");
}

TEST_CASE("headers that ask for another method are ambiguous, in any spelling") {
  for (const auto* name : {"X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X_HTTP_METHOD_OVERRIDE"}) {
    CHECK_MESSAGE(read_alias(alias("POST /v1/items", std::string{"Host: 127.0.0.1:4000\r\n"} + name +
                                                         ": DELETE\r\n")) == "AMBIGUOUS_TARGET",
                  name);
  }
}

TEST_CASE("a path outside the tool's base path is no tool") {
  Sample sample{get("", "/v2/items")};
  REQUIRE(read_target(*sample.snapshot, sample.call));
  CHECK(code_of(identify_tool(*sample.snapshot, sample.call)) == "TOOL_NOT_REGISTERED");
}

TEST_CASE("a tunnel leads to registered servers only, and to one server each") {
  for (const auto& [authority, expected] :
       std::vector<std::pair<std::string, std::string>>{{"api.example.com:443", "pass"},
                                                        {"API.example.com.:443", "pass"},
                                                        {"evil.example:443", "TOOL_NOT_REGISTERED"},
                                                        {"api.example.com:22", "TOOL_NOT_REGISTERED"}}) {
    Sample sample{alias("CONNECT " + authority, "Host: " + authority + "\r\n")};
    sample.arrival.door = Door::forward;
    REQUIRE(read_target(*sample.snapshot, sample.call));
    CHECK(code_of(identify_tool(*sample.snapshot, sample.call)) == expected);
    CHECK(sample.call.opens_tunnel == (expected == "pass"));
  }
  CHECK(read_forward(alias("CONNECT api.example.com:443", "Host: other.example:443\r\n")) == "MISDIRECTED");
}

/// How a request is read on a connection to a server, and which server it is for then.
std::string read_inner(const std::string& host, Destination destination) {
  Sample sample{alias("GET /v1/items", "Host: " + host + "\r\n")};
  sample.arrival.door = Door::transparent;
  sample.arrival.destination = std::move(destination);
  const std::string code{code_of(read_target(*sample.snapshot, sample.call))};
  return code == "pass" ? sample.call.url() : code;
}

Destination dialled(const std::string& address, const std::string& tls_name, const std::string& host = {}) {
  Destination destination;
  destination.scheme = "https";
  destination.address = boost::asio::ip::make_address(address);
  destination.tls_name = tls_name;
  destination.host = host;
  destination.port = 443;
  return destination;
}

TEST_CASE("address, TLS and Host must mean the same server") {
  const std::string items = "https://api.example.com/v1/items";
  CHECK(read_inner("api.example.com", dialled("127.66.0.1", "api.example.com", "api.example.com")) == items);
  CHECK(read_inner("API.Example.COM.", dialled("203.0.113.9", "api.example.com")) == items);
  CHECK(read_inner("api.example.com:443", dialled("203.0.113.9", "api.example.com")) == items);
  CHECK(read_inner("api.example.com:8443", dialled("203.0.113.9", "api.example.com")) == "MISDIRECTED");
  CHECK(read_inner("other.example", dialled("203.0.113.9", "api.example.com")) == "MISDIRECTED");
  CHECK(read_inner("api.example.com", dialled("203.0.113.9", "other.example")) == "MISDIRECTED");
  CHECK(read_inner("api.example.com", dialled("127.66.0.2", "api.example.com", "other.example")) == "MISDIRECTED");
  CHECK(read_inner("api.example.com", dialled("203.0.113.9", "")) == "MISDIRECTED");
  CHECK(read_inner("203.0.113.9", dialled("203.0.113.9", "")) == "https://203.0.113.9/v1/items");
  CHECK(read_inner("203.0.113.8", dialled("203.0.113.9", "")) == "MISDIRECTED");
  CHECK(read_inner("203.0.113.9", dialled("203.0.113.9", "api.example.com")) == "MISDIRECTED");
  CHECK(read_inner("[2001:db8::1]", dialled("2001:db8::1", "")) == "https://[2001:db8::1]/v1/items");
}

TEST_CASE("inside a tunnel the name that CONNECT gave counts") {
  const auto tunnel = [](const std::string& scheme, const std::string& tls_name) {
    Destination destination;
    destination.scheme = scheme;
    destination.host = "api.example.com";
    destination.port = 443;
    destination.tls_name = tls_name;
    return destination;
  };
  CHECK(read_inner("api.example.com", tunnel("https", "api.example.com")) == "https://api.example.com/v1/items");
  CHECK(read_inner("api.example.com", tunnel("https", "")) == "https://api.example.com/v1/items");
  CHECK(read_inner("evil.example", tunnel("https", "evil.example")) == "MISDIRECTED");
  CHECK(read_inner("api.example.com", tunnel("https", "evil.example")) == "MISDIRECTED");
  CHECK(read_inner("api.example.com:443", tunnel("http", "")) == "http://api.example.com:443/v1/items");
}

TEST_CASE("a connection that was not traced to the run is nobody's") {
  Sample sample{get()};
  CHECK(code_of(verify_agent(*sample.snapshot, sample.call)) == "pass");
  sample.arrival.peer.reset();
  CHECK(code_of(verify_agent(*sample.snapshot, sample.call)) == "AGENT_NOT_VERIFIED");
}

TEST_CASE("an agent may repeat for whom it acts, and name nobody else") {
  const auto says = [](const std::string& fields, const std::string& user) {
    Sample sample{get(fields), {}, user};
    return code_of(resolve_identity(*sample.snapshot, sample.call));
  };
  CHECK(says("", "alice") == "pass");
  CHECK(says("X-End-User-ID: alice\r\n", "alice") == "pass");
  CHECK(says("X-End-User-ID: bob\r\n", "alice") == "IDENTITY_FORGED");
  CHECK(says("X-End-User-ID: alice\r\nx_end_user_id: bob\r\n", "alice") == "IDENTITY_FORGED");
  CHECK(says("X-End-User-ID: alice\r\n", "") == "IDENTITY_FORGED");
}

TEST_CASE("a refusal is one JSON shape, even about bytes that are no text") {
  Sample sample{get()};
  REQUIRE(read_target(*sample.snapshot, sample.call));
  REQUIRE(identify_tool(*sample.snapshot, sample.call));
  const auto refusal = refuse(policy_denied, "no \xff\xfe", "ask").error();
  const auto json = nlohmann::json::parse(to_json(refusal, sample.call));
  CHECK(json["code"] == "POLICY_DENIED");
  CHECK(json["error"] == "POLICY_DENIED");
  CHECK(json["stage"] == "policy");
  CHECK(json["tool"] == "api");
  CHECK(json["agent"] == "bot");
  CHECK(json["run_id"] == "RUN");
  CHECK(json["request_id"] == "REQUEST");
  CHECK(json["decision"]["permission"] == "deny");
  CHECK(json["hint"] == "ask");
  CHECK(proxy_status(refusal) == "runagents; error=http_request_denied; details=\"POLICY_DENIED\"");
}
