#include "core/llm/playground.hpp"

#include <cmath>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/llm/schema_sample.hpp"
#include "corpus.hpp"

using namespace runagents::llm;
using namespace runagents::llm::corpus;

namespace {

PlaygroundAnswer answer_to(Api api, const std::string& body) {
  auto request = read_request(api, body);
  REQUIRE_MESSAGE(request.has_value(), request.error().message);
  auto answer = playground_answer(*request, {.created = 5, .id = "x"});
  REQUIRE_MESSAGE(answer.has_value(), answer.error().message);
  return *std::move(answer);
}

std::string joined(const PlaygroundAnswer& answer) {
  std::string all;
  for (const auto& piece : answer.pieces) all += piece;
  return all;
}

Json whole(Api api, const std::string& body) { return Json::parse(joined(answer_to(api, body))); }

Json message(const std::string& body) { return whole(Api::openai_chat, body)["choices"][0]["message"]; }

const std::string add_tool =
    R"({"type":"function","function":{"name":"add","parameters":{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}}})";
const std::string now_tool = R"({"type":"function","function":{"name":"time_now"}})";

Json sample(const std::string& schema, std::string_view text = {}) {
  SampleHints hints{text};
  return sample_of(Json::parse(schema), hints);
}

}  // namespace

TEST_CASE("the playground answers in every API, with usage") {
  const auto chat = whole(Api::openai_chat, R"({"model":"m","messages":[{"role":"user","content":"hello"}]})");
  CHECK(chat["model"] == "m");
  CHECK(chat["choices"][0]["finish_reason"] == "stop");
  CHECK(chat["choices"][0]["message"]["content"].get<std::string>().contains("hello"));
  CHECK(chat["usage"]["completion_tokens"] > 0);
  const auto messages = whole(Api::anthropic_messages,
                              R"({"model":"m","max_tokens":100,"messages":[{"role":"user","content":"hello"}]})");
  CHECK(messages["content"][0]["text"] == chat["choices"][0]["message"]["content"]);
  CHECK(messages["stop_reason"] == "end_turn");
  const auto responses = whole(Api::openai_responses, R"({"model":"m","input":"hello"})");
  CHECK(responses["output"][0]["content"][0]["text"] == chat["choices"][0]["message"]["content"]);
  CHECK(responses["status"] == "completed");
}

TEST_CASE("the same request has the same answer") {
  const std::string body =
      R"({"model":"m","stream":true,"messages":[{"role":"user","content":"add 1 and 2"}],"tools":[)" + add_tool + "]}";
  CHECK(answer_to(Api::openai_chat, body).pieces == answer_to(Api::openai_chat, body).pieces);
}

TEST_CASE("tools of a provider's own are not called") {
  const std::string own = R"({"type":"web_search"},{"type":"custom","name":"apply_patch"})";
  const auto body = [](const std::string& tools) { return R"({"model":"m","input":"look","tools":[)" + tools + "]}"; };
  const auto called = whole(Api::openai_responses, body(own + R"(,{"type":"function","name":"shell"})"))["output"];
  REQUIRE(called.size() == 1);
  CHECK(called[0]["name"] == "shell");
  CHECK(whole(Api::openai_responses, body(own))["output"][0]["type"] == "message");
}

TEST_CASE("a stream comes in pieces that each are whole events") {
  for (
      const auto& [api, body] : {
          std::pair{
              Api::openai_chat,
              R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})"},
          std::pair{Api::anthropic_messages,
                    R"({"model":"m","stream":true,"max_tokens":99,"messages":[{"role":"user","content":"hi"}]})"},
          std::pair{Api::openai_responses, R"({"model":"m","stream":true,"input":"hi"})"},
      }) {
    const auto answer = answer_to(api, body);
    CHECK(answer.content_type == "text/event-stream");
    CHECK(answer.pieces.size() > 5);
    for (const auto& piece : answer.pieces) CHECK_FALSE(events_of(piece).empty());
    CHECK(answer.usage.is_known);
  }
  const auto last =
      answer_to(
          Api::openai_chat,
          R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})")
          .pieces.back();
  CHECK(events_of(last).back()["data"] == "[DONE]");
  CHECK(last.contains("\"total_tokens\""));
}

TEST_CASE("an offered tool is called, with arguments that fit") {
  const auto said =
      message(R"({"model":"m","messages":[{"role":"user","content":"Add 2.5 and -3, please."}],"tools":[)" + now_tool +
              "," + add_tool + "]}");
  REQUIRE(said["tool_calls"].size() == 1);
  CHECK(said["content"].is_null());
  CHECK(said["tool_calls"][0]["function"]["name"] == "add");
  CHECK(Json::parse(said["tool_calls"][0]["function"]["arguments"].get<std::string>()) ==
        Json{{"a", 2.5}, {"b", -3.0}});
}

TEST_CASE("tools that are all mentioned are called in parallel, unless that is turned off") {
  const std::string body =
      R"("messages":[{"role":"user","content":"what is the time now? then add 1 and 2"}],"tools":[)" + now_tool + "," +
      add_tool + "]}";
  CHECK(message(R"({"model":"m",)" + body)["tool_calls"].size() == 2);
  CHECK(message(R"({"model":"m","parallel_tool_calls":false,)" + body)["tool_calls"].size() == 1);
}

TEST_CASE("the choice of tools is honoured") {
  const std::string rest =
      R"("messages":[{"role":"user","content":"hi"}],"tools":[)" + now_tool + "," + add_tool + "]}";
  CHECK(message(R"({"model":"m",)" + rest)["tool_calls"][0]["function"]["name"] == "time_now");
  CHECK_FALSE(message(R"({"model":"m","tool_choice":"none",)" + rest).contains("tool_calls"));
  CHECK(message(R"({"model":"m","tool_choice":{"type":"function","function":{"name":"add"}},)" +
                rest)["tool_calls"][0]["function"]["name"] == "add");
}

TEST_CASE("results of tools are summed up, and nothing more is called") {
  const auto said = message(
      R"({"model":"m","tool_choice":"required","messages":[{"role":"user","content":"add 1 and 2"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"add","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"3"}],"tools":[)" +
      add_tool + "]}");
  CHECK_FALSE(said.contains("tool_calls"));
  CHECK(said["content"] == "The tools have answered.\n- add: 3");
  const auto failed = whole(
      Api::anthropic_messages,
      R"({"model":"m","max_tokens":99,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","is_error":true,"content":"no"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]})");
  CHECK(failed["content"][0]["text"] == "The tools have answered.\n- f failed: no");
}

TEST_CASE("structured output fits its schema") {
  const auto said = message(
      R"({"model":"m","messages":[{"role":"user","content":"I am \"Ann\", 33"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0}},"required":["name","age"]}}}})");
  CHECK(Json::parse(said["content"].get<std::string>()) == Json{{"name", "Ann"}, {"age", 33}});
  const auto object =
      message(R"({"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}})");
  CHECK(Json::parse(object["content"].get<std::string>()).is_object());
}

TEST_CASE("limits and stop sequences end an answer") {
  const auto cut =
      whole(Api::anthropic_messages, R"({"model":"m","max_tokens":2,"messages":[{"role":"user","content":"hi"}]})");
  CHECK(cut["stop_reason"] == "max_tokens");
  CHECK(cut["content"][0]["text"] == "This is ");
  const auto stopped = whole(
      Api::anthropic_messages,
      R"({"model":"m","max_tokens":99,"stop_sequences":["zzz"," a "],"messages":[{"role":"user","content":"hi"}]})");
  CHECK(stopped["stop_reason"] == "stop_sequence");
  CHECK(stopped["stop_sequence"] == " a ");
  CHECK(stopped["content"][0]["text"] == "This is the playground,");
}

TEST_CASE("what other providers would refuse is answered, what is wrong is not") {
  CHECK_FALSE(
      message(
          R"({"model":"m","n":2,"logprobs":true,"seed":1,"colour":"red","messages":[{"role":"user","content":"hi"}]})")
          ["content"]
              .is_null());
  const auto request = read_request(Api::openai_chat, R"({"model":"m","messages":[{"role":"user"}]})");
  REQUIRE(request.has_value());
  const auto answer = playground_answer(*request, {});
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().field == "messages[0].content");
}

TEST_CASE("embeddings are unit vectors, nearer for texts that are alike") {
  const auto embed = [](const std::string& rest) {
    return whole(Api::openai_embeddings, R"({"model":"m",)" + rest + "}");
  };
  const auto answer =
      embed(R"("input":["the cat sat on the mat","a cat sat on a mat","stock markets fell sharply",""])");
  REQUIRE(answer["data"].size() == 4);
  const auto product = [&answer](std::size_t left, std::size_t right) {
    double sum = 0;
    for (std::size_t i = 0; i < 256; ++i) {
      sum += answer["data"][left]["embedding"][i].get<double>() * answer["data"][right]["embedding"][i].get<double>();
    }
    return sum;
  };
  for (std::size_t i = 0; i < 4; ++i) CHECK(product(i, i) == doctest::Approx(1));
  CHECK(product(0, 1) > 0.4);
  CHECK(product(0, 2) < 0.3);
  CHECK(embed(R"("input":"x","dimensions":8)")["data"][0]["embedding"].size() == 8);
  CHECK(embed(R"("input":"x","dimensions":3,"encoding_format":"base64")")["data"][0]["embedding"]
            .get<std::string>()
            .size() == 16);
  CHECK(embed(R"("input":[[1,2],[3]])")["data"].size() == 2);
  CHECK(embed(R"("input":[1,2])")["data"].size() == 1);
}

TEST_CASE("tokens are counted") {
  CHECK(whole(Api::anthropic_count_tokens,
              R"({"model":"m","messages":[{"role":"user","content":"hello there"}]})")["input_tokens"] > 2);
}

TEST_CASE("samples fit their schemas") {
  CHECK(sample(R"({"const":7})") == 7);
  CHECK(sample(R"({"enum":["b","a"]})") == "b");
  CHECK(sample(R"({"type":"string","default":"d"})") == "d");
  CHECK(sample(R"({"type":["integer","null"],"minimum":5,"maximum":9})") == 5);
  CHECK(sample(R"({"type":"integer","exclusiveMinimum":5})") == 6);
  CHECK(sample(R"({"type":"integer","multipleOf":7,"minimum":8})") == 14);
  CHECK(sample(R"({"type":"integer","maximum":-3})") == -3);
  CHECK(sample(R"({"type":"number"})", "add 2 and 3.5.") == 2.0);
  CHECK(sample(R"({"type":"integer","maximum":1})", "99") == 1);
  CHECK(sample(R"({"type":"boolean"})") == true);
  CHECK(sample(R"({"type":"null"})").is_null());
  CHECK(sample(R"({"type":"string","maxLength":3})", "日本語です") == "日本語");
  CHECK(sample(R"({"type":"string","minLength":4})", "ab") == "ab..");
  CHECK(sample(R"({"type":"string","format":"date"})") == "2025-01-01");
  CHECK(sample(R"({"type":"array","items":{"type":"integer"},"minItems":3})") == Json::parse("[1,1,1]"));
  CHECK(sample(R"({"type":"array","items":{"type":"integer"},"maxItems":0})") == Json::array());
  CHECK(sample(R"({"type":"array","prefixItems":[{"type":"boolean"},{"const":2}]})") == Json::parse("[true,2]"));
  CHECK(sample(R"({"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"required":["b"]})") ==
        Json::parse(R"({"b":2})"));
  CHECK(sample(R"({"type":"object","properties":{"a":{"const":1},"b":{"const":2}}})") ==
        Json::parse(R"({"a":1,"b":2})"));
  CHECK(sample(R"({"anyOf":[{"type":"integer"},{"type":"null"}]})") == 1);
  CHECK(
      sample(
          R"({"allOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":{"const":2}},"required":["b"]}],"type":"object"})") ==
      Json::parse(R"({"a":1,"b":2})"));
  CHECK(sample(R"({"$defs":{"x":{"const":9}},"type":"object","properties":{"y":{"$ref":"#/$defs/x"}}})") ==
        Json::parse(R"({"y":9})"));
}

TEST_CASE("a schema that goes on for ever has an end") {
  CHECK(
      sample(
          R"({"$defs":{"node":{"type":"object","properties":{"next":{"$ref":"#/$defs/node"}},"required":["next"]}},"$ref":"#/$defs/node"})")
          .is_object());
  CHECK(sample(R"({"type":"array","minItems":1000000000,"items":{"type":"integer"}})").size() <= 10001);
  CHECK(sample(R"({"type":"string","minLength":1000000000})").get<std::string>().size() <= 10000);
  CHECK(sample(R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})").is_null());
  CHECK(sample(R"({"anyOf":[{"$ref":"#"}]})").is_null());
}
