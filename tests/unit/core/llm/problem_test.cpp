#include "core/llm/problem.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runagents::llm;
using Json = nlohmann::ordered_json;

TEST_CASE("a problem has OpenAI's form for callers of OpenAI's APIs") {
  const Problem problem{.status = 429, .message = "too much", .code = "RATE_LIMITED", .field = {}};
  const Json expected = {
      {"error", {{"message", "too much"}, {"type", "rate_limit_error"}, {"param", nullptr}, {"code", "RATE_LIMITED"}}}};
  for (const auto api : {Api::openai_chat, Api::openai_responses, Api::openai_embeddings}) {
    CHECK(Json::parse(problem_body(api, problem)) == expected);
  }
  CHECK(problem_event(Api::openai_chat, problem) == "data: " + expected.dump() + "\n\n");
}

TEST_CASE("a problem has Anthropic's form for callers of Anthropic's API") {
  const Problem problem{.status = 400, .message = "is odd", .code = "", .field = "tools[0]"};
  const Json expected = {{"type", "error"},
                         {"error", {{"type", "invalid_request_error"}, {"message", "tools[0]: is odd"}}}};
  CHECK(Json::parse(problem_body(Api::anthropic_messages, problem)) == expected);
  CHECK(Json::parse(problem_body(Api::anthropic_count_tokens, problem)) == expected);
  CHECK(problem_event(Api::anthropic_messages, problem) == "event: error\ndata: " + expected.dump() + "\n\n");
}

TEST_CASE("an event of Responses is numbered and has what its clients look for") {
  const auto event = problem_event(Api::openai_responses, unsupported("store", "is not there"), 7);
  REQUIRE(event.starts_with("event: error\ndata: "));
  const auto data = Json::parse(event.substr(event.find('{')));
  CHECK(data["type"] == "error");
  CHECK(data["sequence_number"] == 7);
  CHECK(data["param"] == "store");
  CHECK(data["error"]["code"] == "unsupported_parameter");
}

TEST_CASE("statuses have the words of each API") {
  const auto words = [](int status) {
    const Problem problem{.status = status, .message = "m", .code = {}, .field = {}};
    return Json::parse(problem_body(Api::openai_chat, problem))["error"]["type"].get<std::string>() + " " +
           Json::parse(problem_body(Api::anthropic_messages, problem))["error"]["type"].get<std::string>();
  };
  CHECK(words(400) == "invalid_request_error invalid_request_error");
  CHECK(words(401) == "authentication_error authentication_error");
  CHECK(words(403) == "permission_error permission_error");
  CHECK(words(404) == "invalid_request_error not_found_error");
  CHECK(words(413) == "invalid_request_error request_too_large");
  CHECK(words(418) == "invalid_request_error invalid_request_error");
  CHECK(words(500) == "server_error api_error");
  CHECK(words(503) == "server_error overloaded_error");
  CHECK(words(504) == "timeout_error timeout_error");
}

TEST_CASE("bytes that are no UTF-8 break no body") {
  const Problem problem{.status = 400, .message = "a\xff\n", .code = {}, .field = {}};
  CHECK(Json::accept(problem_body(Api::openai_chat, problem)));
}

TEST_CASE("what a provider says of the gateway's credential is not repeated") {
  for (const int status : {401, 402, 403}) {
    const auto problem =
        provider_problem(status, R"({"error":{"message":"Incorrect API key provided: sk-12345","code":"sk-12345"}})");
    CHECK(problem.status == 502);
    CHECK(problem.code == unauthorized_code);
    CHECK_FALSE(problem_body(Api::openai_chat, problem).contains("12345"));
  }
}

TEST_CASE("long words of a provider are cut, at whole characters") {
  std::string text;
  while (text.size() < 5000) text += "\xe6\x97\xa5";
  const auto problem = provider_problem(400, R"({"message":")" + text + "\"}");
  CHECK(problem.message.size() < 2100);
  CHECK(problem.message.ends_with("\xa5..."));
}

TEST_CASE("a status that is no error is the provider's fault") {
  CHECK(provider_problem(302, "").status == 502);
  CHECK(provider_problem(999, "").status == 502);
  CHECK(provider_problem(404, "[1]").message == "the provider answered with an error");
}
