#include "core/api/http_transport.hpp"

#include <algorithm>
#include <deque>
#include <doctest/doctest.h>
#include <vector>

using namespace runagents;
using namespace runagents::api;

namespace {

/// A server that answers from a list, and what it was asked.
struct Server {
  std::deque<Result<http::FetchResponse>> answers;
  std::vector<http::FetchRequest> requests;
  std::vector<std::chrono::milliseconds> pauses;
  std::vector<std::string> credentials{"token-1", "token-2"};

  void answer(int status, std::vector<std::pair<std::string, std::string>> fields = {}, std::string body = "{}") {
    answers.emplace_back(http::FetchResponse{.status = status, .fields = std::move(fields), .body = std::move(body)});
  }

  std::unique_ptr<Transport> open(bool with_credential = true) {
    HttpTransportOptions options;
    options.endpoint = "https://plane.example";
    options.fetch = [this](const http::FetchRequest& request) -> Result<http::FetchResponse> {
      requests.push_back(request);
      if (answers.empty()) return fail(ErrorCode::unavailable, "no more answers");
      auto next = std::move(answers.front());
      answers.pop_front();
      return next;
    };
    options.pause = [this](std::chrono::milliseconds length) { pauses.push_back(length); };
    if (with_credential) {
      options.credential = [this,
                            current = std::size_t{0}](std::string_view refused) mutable -> Result<config::Secret> {
        if (!refused.empty() && current + 1 < credentials.size()) ++current;
        if (credentials[current].empty()) return fail(ErrorCode::unauthenticated, "the login is over");
        return config::Secret{credentials[current]};
      };
    }
    return open_http(std::move(options));
  }

  [[nodiscard]] std::string field(std::size_t request, std::string_view name) const {
    return std::string{api::field(requests.at(request).fields, name)};
  }
};

constexpr const char* bad_token = R"(Bearer error="invalid_token")";

}  // namespace

TEST_CASE("an API key and a token go into their own fields") {
  Server server;
  server.credentials = {"rl_key"};
  server.answer(200);
  REQUIRE(server.open()->send({"GET", "/users/me", {}}).has_value());
  CHECK(server.requests[0].url == "https://plane.example/api/v1/users/me");
  CHECK(server.field(0, "x-runlayer-api-key") == "rl_key");
  CHECK(server.field(0, "authorization").empty());

  server.credentials = {"eyJ.a.b"};
  server.answer(200);
  REQUIRE(server.open()->send({"GET", "/users/me", {}}).has_value());
  CHECK(server.field(1, "authorization") == "Bearer eyJ.a.b");
  CHECK(server.field(1, "x-runlayer-api-key").empty());
}

TEST_CASE("why a token cannot be renewed says more than that it was refused") {
  Server server;
  server.credentials = {"token-1", ""};
  server.answer(401, {{"www-authenticate", bad_token}});
  const auto answer = server.open()->send({"GET", "/x", {}});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().message == "the login is over");
  CHECK(server.requests.size() == 1);
}

TEST_CASE("a token is renewed once, and only when it is to blame") {
  Server server;
  const auto transport = server.open();
  server.answer(401, {{"www-authenticate", bad_token}});
  server.answer(200);
  CHECK(transport->send({"POST", "/x", "{}"})->status == 200);
  CHECK(server.field(1, "authorization") == "Bearer token-2");

  server.answer(401, {{"www-authenticate", bad_token}});
  CHECK(transport->send({"GET", "/x", {}})->status == 401);
  CHECK(server.requests.size() == 3);

  server.answer(401, {}, R"({"error":"No credentials available for this server","code":"no_credentials"})");
  CHECK(server.open()->send({"GET", "/x", {}})->status == 401);
  CHECK(server.requests.size() == 4);
}

TEST_CASE("a POST keeps its idempotency key when it is sent again") {
  Server server;
  server.answer(429, {{"retry-after", "2"}});
  server.answer(201);
  CHECK(server.open()->send({"POST", "/x", "{}"})->status == 201);
  CHECK(server.pauses == std::vector<std::chrono::milliseconds>{std::chrono::seconds{2}});
  CHECK_FALSE(server.field(0, "idempotency-key").empty());
  CHECK(server.field(0, "idempotency-key") == server.field(1, "idempotency-key"));
}

TEST_CASE("what flips is sent one time, on a connection of its own") {
  Server server;
  server.answer(429, {{"retry-after", "1"}});
  const auto response =
      server.open()->send({.method = "POST", .target = "/toggle", .body = "{}", .fields = {}, .at_most_once = true});
  CHECK(response->status == 429);
  CHECK(server.requests.size() == 1);
  CHECK(server.requests[0].at_most_once);
}

TEST_CASE("it waits for the server a few times and not for ever") {
  Server server;
  for (int i = 0; i < 10; ++i) server.answer(503, {{"retry-after", "1"}});
  CHECK(server.open()->send({"GET", "/x", {}})->status == 503);
  CHECK(server.requests.size() == 4);
  server.answers.clear();
  server.answer(429, {{"retry-after", "600"}});
  CHECK(server.open()->send({"GET", "/x", {}})->status == 429);
  CHECK(server.requests.size() == 5);
}

TEST_CASE("a long poll has its wait on top of the timeout") {
  Server server;
  server.answer(200);
  REQUIRE(server.open()->send({"GET", "/runs/x/events?after_seq=3&wait=20000", {}}).has_value());
  CHECK(server.requests[0].timeout == std::chrono::seconds{50});
}

TEST_CASE("an endpoint has one form, and is https or this machine") {
  CHECK(checked_endpoint("https://Plane.Example/", false) == "https://plane.example");
  CHECK(checked_endpoint("https://plane.example/api/v1/", false) == "https://plane.example");
  CHECK(checked_endpoint("http://127.0.0.1:8400", false) == "http://127.0.0.1:8400");
  CHECK(checked_endpoint("http://plane.example", false).error().code == ErrorCode::usage);
  CHECK(checked_endpoint("http://plane.example", true) == "http://plane.example");
  CHECK_FALSE(checked_endpoint("https://plane.example/?x=1", false).has_value());
  CHECK_FALSE(checked_endpoint("plane.example", false).has_value());
  CHECK_FALSE(checked_endpoint("https://user:word@plane.example", false).has_value());
}
