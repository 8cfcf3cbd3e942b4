#include "core/llm/answer.hpp"

#include <doctest/doctest.h>

#include "corpus.hpp"

using namespace runagents::llm;
using namespace runagents::llm::corpus;

namespace {

AnswerPlan plan(Api caller, Api provider, bool stream) {
  return {.caller = caller, .provider = provider, .stream = stream, .model = "m", .echo = nullptr};
}

AnswerHead head(std::string type, int status = 200) {
  return {.status = status, .content_type = std::move(type), .created = 1, .id = "x"};
}

constexpr auto stream_type = "text/event-stream";

std::string anthropic_text(std::size_t pieces, const std::string& piece) {
  std::string bytes = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"a\"}}\n\n";
  for (std::size_t i = 0; i < pieces; ++i) {
    bytes +=
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"" + piece + "\"}}\n\n";
  }
  return bytes;
}

}  // namespace

TEST_CASE("an event larger than allowed fails a translated stream") {
  AnswerTranslator answer{
      plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type), {.max_event_bytes = 1000}};
  std::string out;
  answer.feed("data: " + std::string(2000, 'x'), out);
  REQUIRE(answer.problem() != nullptr);
  CHECK(answer.problem()->status == 502);
  CHECK(answer.is_done());
  CHECK(out.contains("too large"));
}

TEST_CASE("an event larger than allowed fails a native stream, after what was whole") {
  AnswerTranslator answer{
      plan(Api::anthropic_messages, Api::anthropic_messages, true), head(stream_type), {.max_event_bytes = 1000}};
  std::string out;
  answer.feed("event: ping\ndata: {}\n\ndata: " + std::string(2000, 'x'), out);
  REQUIRE(answer.problem() != nullptr);
  CHECK(out.starts_with("event: ping\ndata: {}\n\nevent: error\ndata: "));
}

TEST_CASE("a line or a frame larger than allowed fails its stream") {
  for (const auto provider : {Api::ollama_chat, Api::bedrock_converse}) {
    AnswerTranslator answer{
        plan(Api::openai_chat, provider, true), head("application/x-ndjson"), {.max_event_bytes = 1000}};
    std::string out;
    answer.feed(std::string(2000, 'x'), out);
    CHECK(answer.problem() != nullptr);
  }
}

TEST_CASE("a whole answer larger than allowed fails") {
  AnswerTranslator answer{
      plan(Api::openai_chat, Api::anthropic_messages, false), head("application/json"), {.max_answer_bytes = 1000}};
  std::string out;
  answer.feed(std::string(2000, ' '), out);
  CHECK(answer.is_done());
  CHECK(answer.status() == 502);
  CHECK(Json::parse(out)["error"]["code"] == "upstream_protocol");
}

TEST_CASE("what Responses would have to repeat is bounded") {
  AnswerTranslator answer{
      plan(Api::openai_responses, Api::anthropic_messages, true), head(stream_type), {.max_kept_bytes = 100}};
  std::string out;
  answer.feed(anthropic_text(20, "0123456789"), out);
  REQUIRE(answer.problem() != nullptr);
  CHECK(answer.problem()->message == "the provider's answer is too large");
  CHECK(out.contains("event: response.failed"));
  CHECK(answer.is_done());
}

TEST_CASE("calls of tools are bounded") {
  AnswerTranslator answer{plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type), {.max_blocks = 3}};
  std::string out;
  for (int i = 0; i < 5; ++i) {
    answer.feed(
        "data: "
        "{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\","
        "\"input\":{}}}\n\n",
        out);
  }
  CHECK(answer.problem() != nullptr);
}

TEST_CASE("an error's body is kept up to a limit") {
  AnswerTranslator answer{
      plan(Api::openai_chat, Api::openai_chat, false), head("application/json", 500), {.max_error_bytes = 1000}};
  std::string out;
  for (int i = 0; i < 100; ++i) answer.feed(std::string(100, ' '), out);
  answer.finish(out);
  CHECK(answer.status() == 500);
  CHECK(out.size() < 300);
  CHECK(Json::parse(out).contains("error"));
}

TEST_CASE("nesting that no reader should follow is refused") {
  const auto deep = std::string(200, '[') + std::string(200, ']');
  AnswerTranslator whole{plan(Api::openai_chat, Api::anthropic_messages, false), head("application/json")};
  std::string out;
  whole.feed("{\"content\":" + deep + "}", out);
  whole.finish(out);
  CHECK(whole.status() == 502);
  AnswerTranslator stream{plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type)};
  stream.feed("data: {\"x\":" + deep + "}\n\n", out);
  CHECK(stream.problem() != nullptr);
}

TEST_CASE("what the gateway knows of its status comes before anything is sent") {
  AnswerTranslator stream{plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type)};
  CHECK_FALSE(stream.is_whole());
  CHECK(stream.content_type() == "text/event-stream");
  AnswerTranslator whole{plan(Api::openai_chat, Api::anthropic_messages, false), head("application/json")};
  CHECK(whole.is_whole());
  CHECK(whole.content_type() == "application/json");
  AnswerTranslator native{plan(Api::openai_chat, Api::openai_chat, false), head("application/json; charset=utf-8")};
  CHECK_FALSE(native.is_whole());
  CHECK(native.content_type() == "application/json; charset=utf-8");
  AnswerTranslator error{plan(Api::openai_chat, Api::openai_chat, true), head("text/html", 500)};
  CHECK(error.is_whole());
}

TEST_CASE("a failure of the gateway's ends each kind of answer once") {
  const Problem late{.status = 504, .message = "too late", .code = "upstream_timeout", .field = {}};
  {
    AnswerTranslator answer{plan(Api::anthropic_messages, Api::openai_chat, false), head("application/json")};
    std::string out;
    answer.feed("{\"id\":", out);
    answer.fail(late, out);
    CHECK(answer.status() == 504);
    CHECK(Json::parse(out)["error"]["type"] == "timeout_error");
    answer.fail(late, out);
    answer.finish(out);
    CHECK(Json::accept(out));
  }
  {
    AnswerTranslator answer{plan(Api::openai_chat, Api::openai_chat, false), head("application/json")};
    std::string out;
    answer.feed("{\"id\":", out);
    answer.fail(late, out);
    CHECK(out == "{\"id\":");
    CHECK(answer.problem() != nullptr);
  }
  {
    AnswerTranslator answer{plan(Api::anthropic_messages, Api::anthropic_messages, true), head(stream_type)};
    std::string out;
    answer.feed("data: {\"type\":\"message_stop\"}\n\n", out);
    answer.finish(out);
    const auto complete = out;
    answer.fail(late, out);
    CHECK(out == complete);
    CHECK(answer.problem() == nullptr);
  }
}

TEST_CASE("what comes after the end is ignored") {
  AnswerTranslator answer{plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type)};
  std::string out;
  answer.feed(anthropic_text(1, "a") +
                  "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n"
                  "data: {\"type\":\"message_stop\"}\n\n"
                  "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"LATE\"}}\n\n",
              out);
  answer.feed("data: {\"type\":\"error\",\"error\":{\"message\":\"LATE\"}}\n\n", out);
  answer.finish(out);
  CHECK(out.ends_with("data: [DONE]\n\n"));
  CHECK_FALSE(out.contains("LATE"));
  CHECK(answer.problem() == nullptr);
}

TEST_CASE("each event is passed on as soon as it is complete") {
  AnswerTranslator answer{plan(Api::openai_chat, Api::anthropic_messages, true), head(stream_type)};
  std::string out;
  answer.feed("data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"now\"}}\n", out);
  CHECK(out.empty());
  answer.feed("\n", out);
  CHECK(out.contains("\"now\""));
}
