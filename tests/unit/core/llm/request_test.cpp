#include "core/llm/request.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/llm/native.hpp"

using namespace runagents::llm;

namespace {

Request read(Api api, std::string body) {
  auto request = read_request(api, std::move(body));
  REQUIRE_MESSAGE(request.has_value(), request.error().message);
  return *std::move(request);
}

Problem refused(Api api, std::string body) {
  auto request = read_request(api, std::move(body));
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().status == 400);
  return request.error();
}

}  // namespace

TEST_CASE("what decides about a request is read") {
  const auto chat =
      read(Api::openai_chat, R"({"model":"a/b","stream":true,"stream_options":{"include_usage":true},"max_tokens":7})");
  CHECK(chat.model == "a/b");
  CHECK(chat.stream);
  CHECK(chat.wants_usage);
  CHECK(chat.max_output_tokens == 7);
  CHECK(chat.json->at("model") == "a/b");

  const auto messages = read(Api::anthropic_messages, R"({"model":"m","max_tokens":9})");
  CHECK_FALSE(messages.stream);
  CHECK(messages.wants_usage);
  CHECK(messages.max_output_tokens == 9);

  CHECK(read(Api::openai_responses, R"({"model":"m","max_output_tokens":5})").max_output_tokens == 5);
  CHECK_FALSE(read(Api::openai_chat, R"({"model":"m","stream":true})").wants_usage);
  CHECK_FALSE(read(Api::openai_chat, R"({"model":"m","stream":null,"max_tokens":null})").max_output_tokens.has_value());
}

TEST_CASE("the larger of two limits counts, for every choice") {
  CHECK(read(Api::openai_chat, R"({"model":"m","max_tokens":5,"max_completion_tokens":9,"n":3})").max_output_tokens ==
        27);
  CHECK(read(Api::openai_chat, R"({"model":"m","max_tokens":18446744073709551615,"n":2})").max_output_tokens ==
        18446744073709551615U);
}

TEST_CASE("the body stays as it came") {
  const std::string body = " {\"model\" : \"\\u006d\"}\n";
  const auto request = read(Api::openai_chat, body);
  CHECK(request.body == body);
  CHECK(request.model == "m");
}

TEST_CASE("a body with more than one reading is refused") {
  CHECK(refused(Api::openai_chat, "").code == "invalid_json");
  CHECK(refused(Api::openai_chat, "[]").code == "invalid_json");
  CHECK(refused(Api::openai_chat, R"({"model":"a","model":"b"})").code == "invalid_json");
  CHECK(refused(Api::openai_chat, R"({"model":"a"} {})").code == "invalid_json");
  CHECK(refused(Api::openai_chat, "{\"model\":\"\xff\"}").code == "invalid_json");
  CHECK(refused(Api::openai_chat, R"({"model":"a","MODEL":"b"})").field == "MODEL");
  CHECK(refused(Api::openai_chat, R"({"model":"a","Stream":true})").field == "Stream");
  CHECK(refused(Api::openai_chat, R"({"model":"a","x":1,"X":2})").field == "X");
  CHECK(refused(Api::openai_chat, "{\"model\":\"a\",\"\xc5\xbftream\":true}").field == "\xc5\xbftream");
  const auto deep = "{\"model\":\"a\",\"x\":" + std::string(100, '[') + std::string(100, ']') + "}";
  CHECK(refused(Api::openai_chat, deep).message.contains("nested too deeply"));
}

TEST_CASE("a member of the wrong type is named") {
  CHECK(refused(Api::openai_chat, "{}").field == "model");
  CHECK(refused(Api::openai_chat, R"({"model":""})").field == "model");
  CHECK(refused(Api::openai_chat, R"({"model":7})").message == "\"model\" must be a string");
  CHECK(refused(Api::openai_chat, R"({"model":"m","stream":"yes"})").field == "stream");
  CHECK(refused(Api::openai_chat, R"({"model":"m","stream_options":[]})").field == "stream_options");
  CHECK(refused(Api::openai_chat, R"({"model":"m","stream_options":{"include_usage":1}})").field ==
        "stream_options.include_usage");
  CHECK(refused(Api::openai_chat, R"({"model":"m","max_tokens":0})").field == "max_tokens");
  CHECK(refused(Api::openai_chat, R"({"model":"m","max_tokens":-1})").field == "max_tokens");
  CHECK(refused(Api::openai_chat, R"({"model":"m","max_tokens":1.5})").field == "max_tokens");
}

TEST_CASE("the input is estimated by its text") {
  const auto estimate = [](std::string_view content) {
    return read(Api::openai_chat,
                R"({"model":"m","messages":[{"role":"user","content":")" + std::string{content} + "\"}]}")
        .estimated_input_tokens;
  };
  const auto little = estimate("");
  CHECK(little >= 1);
  CHECK(little < 20);
  CHECK(estimate(std::string(4000, 'a')) - little == 1000);
  // Two bytes of another script are at least a token.
  std::string cyrillic;
  for (int i = 0; i < 100; ++i) cyrillic += "\xd0\xb6";
  CHECK(estimate(cyrillic) - little == 100);
}

TEST_CASE("an image counts as such, whatever its size") {
  const auto with = [](std::size_t size) {
    return read(
               Api::anthropic_messages,
               R"({"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":")" +
                   std::string(size, 'A') + "\"}}]}]}")
        .estimated_input_tokens;
  };
  CHECK(with(100) == with(1000000));
  CHECK(with(100) > 1500);
  CHECK(with(100) < 1600);
}

TEST_CASE("tokens of embeddings are counted one by one") {
  CHECK(read(Api::openai_embeddings, R"({"model":"m","input":[1,2,3,4,5,6,7,8,9,10]})").estimated_input_tokens >= 10);
}

TEST_CASE("a count of tokens is the estimate") {
  const auto request = read(Api::anthropic_count_tokens, R"({"model":"m","messages":[]})");
  CHECK(count_tokens_body(request) == "{\"input_tokens\":" + std::to_string(request.estimated_input_tokens) + "}");
}

TEST_CASE("a body keeps its bytes but for the model, whose name no other reader may overlook") {
  const std::string text = R"({ "model" : "m", "messages":[{"role":"user","content":"a \"model\": \n"}], "x":1.50})";
  const auto request = read(Api::openai_chat, text);
  CHECK(with_model(request, "m") == text);
  const auto renamed = with_model(request, "n");
  REQUIRE(renamed.has_value());
  CHECK(*renamed == R"({ "model" : "n")" + text.substr(text.find(", ")));
  const auto disguised = read(Api::openai_chat, R"({"mod\u0065l":"m"})");
  for (const auto* model : {"m", "n"}) {
    const auto refused_name = with_model(disguised, model);
    REQUIRE_FALSE(refused_name.has_value());
    CHECK(refused_name.error().field == "model");
  }
}
