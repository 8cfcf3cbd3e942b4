#include <doctest/doctest.h>

#include "core/llm/conversation.hpp"
#include "core/llm/writing.hpp"
#include "corpus.hpp"

using namespace runagents::llm;
using namespace runagents::llm::corpus;

// What one API said, another one says as well: a request is translated and the result read as a request of that API,
// again and again. The meaning is what is compared, as a text.

namespace {

std::string show(const std::vector<Part>& parts);

struct Show {
  std::string operator()(const Text& text) const { return "text " + std::string{text.text}; }
  std::string operator()(const Image& image) const {
    return "image " + std::string{image.media_type} + " " + std::string{image.data} + std::string{image.url};
  }
  std::string operator()(const Document& document) const {
    return "document " + std::string{document.media_type} + " " + std::string{document.data} + " " +
           std::string{document.title};
  }
  std::string operator()(const Refusal& refusal) const { return "refusal " + std::string{refusal.text}; }
  std::string operator()(const Reasoning& reasoning) const { return "reasoning " + std::string{reasoning.text}; }
  std::string operator()(const ToolCall& call) const {
    return "call " + std::string{call.id} + " " + std::string{call.name} + " " + arguments_text(call);
  }
  std::string operator()(const ToolResult& result) const {
    return "result " + std::string{result.call_id} + " [" + show(result.content) + "]";
  }
};

std::string show(const std::vector<Part>& parts) {
  std::string shown;
  for (const auto& part : parts) shown += std::visit(Show{}, part.value) + "\n";
  return shown;
}

/// Turns of one speaker in a row are one.
std::string meaning(const Conversation& conversation) {
  std::string shown;
  std::optional<Role> speaker;
  for (const auto& turn : conversation.turns) {
    if (turn.role != speaker) shown += "-- " + std::to_string(static_cast<int>(turn.role)) + "\n";
    speaker = turn.role;
    shown += show(turn.parts);
  }
  for (const auto& tool : conversation.tools) {
    shown += "tool " + std::string{tool.name} + " " + std::string{tool.description} + " " + schema_of(tool).dump() +
             (tool.strict.value_or(false) ? " strict" : "") + "\n";
  }
  const auto& choice = conversation.tool_choice;
  shown += "choice " + std::to_string(static_cast<int>(choice.kind)) + " " + std::string{choice.name} +
           (choice.parallel.value_or(true) ? "" : " one by one") + "\n";
  const auto& format = conversation.format;
  if (format.schema != nullptr) shown += "format " + format.schema->dump() + "\n";
  for (const auto stop : conversation.stop) shown += "stop " + std::string{stop} + "\n";
  for (const auto* setting : {&conversation.temperature, &conversation.top_p, &conversation.user}) {
    shown += *setting ? setting->value->dump() : "-";
    shown += "\n";
  }
  return shown + std::to_string(conversation.max_tokens.value_or(0)) + " " + std::string{conversation.effort.level};
}

Request again(const std::string& body, Api api) {
  auto request = read_request(api, body);
  REQUIRE_MESSAGE(request.has_value(), request.error().message);
  return *std::move(request);
}

constexpr std::string_view schema = R"({"type":"object","properties":{},"additionalProperties":false})";

const std::string as_chat = R"({"model":"m","max_tokens":100,"temperature":0.5,"top_p":0.25,"stop":["A","B"],"user":"u",
  "reasoning_effort":"high","parallel_tool_calls":false,
  "tool_choice":{"type":"function","function":{"name":"f"}},
  "tools":[{"type":"function","function":{"name":"f","description":"does f","parameters":
    {"type":"object","properties":{"b":{"type":"number"},"a":{}}},"strict":true}}],
  "response_format":{"type":"json_schema","json_schema":{"name":"output","strict":true,"schema":)" +
                            std::string{schema} + R"(}},
  "messages":[
    {"role":"system","content":"Be brief. Sei kurz. 短く。"},
    {"role":"user","content":[{"type":"text","text":"look 👀"},
      {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},
      {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
      {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}}]},
    {"role":"assistant","content":"calling","tool_calls":[
      {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"b\":1,\"a\":[null]}"}},
      {"id":"c2","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":"one"},
    {"role":"tool","tool_call_id":"c2","content":"two"},
    {"role":"user","content":"go on"}]})";

const std::string as_responses = R"({"model":"m","max_output_tokens":100,"temperature":0.5,"top_p":0.25,
  "safety_identifier":"u","reasoning":{"effort":"high"},"parallel_tool_calls":false,
  "tool_choice":{"type":"function","name":"f"},
  "tools":[{"type":"function","name":"f","description":"does f","parameters":
    {"type":"object","properties":{"b":{"type":"number"},"a":{}}},"strict":true}],
  "text":{"format":{"type":"json_schema","name":"output","strict":true,"schema":)" +
                                 std::string{schema} + R"(}},
  "instructions":"Be brief. Sei kurz. 短く。",
  "input":[
    {"role":"user","content":[{"type":"input_text","text":"look 👀"},
      {"type":"input_image","image_url":"data:image/png;base64,iVBO"},
      {"type":"input_image","image_url":"https://example.com/a.png"},
      {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}]},
    {"role":"assistant","content":"calling"},
    {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"b\":1,\"a\":[null]}"},
    {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
    {"type":"function_call_output","call_id":"c1","output":"one"},
    {"type":"function_call_output","call_id":"c2","output":"two"},
    {"role":"user","content":"go on"}]})";

std::string meaning_of(const Request& request) {
  Findings findings;
  const auto shown = meaning(read_conversation(request, findings));
  CHECK_FALSE(findings.problem().has_value());
  return shown;
}

Request translated(const Request& request, Api provider) {
  const auto upstream = translate_request(request, {.api = provider, .model = "claude-opus-4-7"});
  REQUIRE_MESSAGE(upstream.has_value(), upstream.error().message);
  CHECK(upstream->left_out.empty());
  return again(upstream->body, provider);
}

}  // namespace

TEST_CASE("a chat keeps its meaning on the way to Anthropic and back") {
  const auto chat = again(as_chat, Api::openai_chat);
  const auto messages = translated(chat, Api::anthropic_messages);
  CHECK(meaning_of(messages) == meaning_of(chat));
  const auto back = translated(messages, Api::openai_chat);
  CHECK(meaning_of(back) == meaning_of(chat));
  CHECK(translated(back, Api::anthropic_messages).body == messages.body);
}

TEST_CASE("a request of Responses keeps its meaning in both other APIs") {
  const auto responses = again(as_responses, Api::openai_responses);
  const auto messages = translated(responses, Api::anthropic_messages);
  CHECK(meaning_of(messages) == meaning_of(responses));
  CHECK(meaning_of(translated(responses, Api::openai_chat)) == meaning_of(responses));
  CHECK(meaning_of(translated(messages, Api::openai_chat)) == meaning_of(responses));
}

TEST_CASE("the three APIs say the same") {
  auto chat = Json::parse(as_chat);
  chat.erase("stop");  // Responses has none
  CHECK(meaning_of(again(chat.dump(), Api::openai_chat)) == meaning_of(again(as_responses, Api::openai_responses)));
}

TEST_CASE("a whole answer says what its stream says, in every API") {
  for (const auto caller : {Api::openai_chat, Api::openai_responses, Api::anthropic_messages}) {
    const Json answer = Json::parse(R"({"id":"a","model":"c","content":[{"type":"text","text":"hi"},
      {"type":"tool_use","id":"t","name":"f","input":{"a":1}}],"stop_reason":"tool_use",
      "usage":{"input_tokens":3,"output_tokens":4}})");
    AnswerPlan plan{.caller = caller, .provider = Api::anthropic_messages, .model = "m", .echo = nullptr};
    if (caller == Api::anthropic_messages) plan.provider = Api::openai_chat;
    const auto body =
        caller == Api::anthropic_messages
            ? R"({"id":"a","model":"c","choices":[{"message":{"content":"hi","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4}})"
            : answer.dump();
    const AnswerHead head{.status = 200, .content_type = "application/json", .created = 1, .id = "x"};
    const auto whole = Json::parse(translate(plan, head, body, {}).out);
    plan.stream = true;
    plan.wants_usage = true;
    const auto events = events_of(translate(plan, head, body, {}).out);
    if (caller == Api::openai_responses) {
      CHECK(difference(whole, events.back()["data"]["response"]) == "");
      continue;
    }
    // Clients put the pieces together.
    std::string text;
    std::string arguments;
    for (const auto& event : events) {
      const auto& data = event["data"];
      if (!data.is_object()) continue;
      const auto delta = caller == Api::openai_chat ? data.value("/choices/0/delta"_json_pointer, Json::object())
                                                    : data.value("delta", Json::object());
      text += delta.value(caller == Api::openai_chat ? "content" : "text", "");
      arguments += caller == Api::openai_chat ? delta.value("/tool_calls/0/function/arguments"_json_pointer, "")
                                              : delta.value("partial_json", "");
    }
    CHECK(text == "hi");
    CHECK(Json::parse(arguments) == Json::parse(R"({"a":1})"));
  }
}
