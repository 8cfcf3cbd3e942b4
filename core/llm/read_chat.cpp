#include <algorithm>
#include <utility>

#include "core/llm/reading.hpp"

// OpenAI's Chat Completions (platform.openai.com/docs/api-reference/chat/create).

namespace runagents::llm {
namespace {

Part read_image(Members& part, Findings& findings) {
  const auto* object = part.object("image_url");
  const auto field = part.path("image_url");
  if (object == nullptr) {
    findings.refuse_invalid(field, "is missing");
    return {.value = Image{}, .field = field};
  }
  Members members{*object, field, findings};
  auto image = image_of_url(members.required_text("url"), members.path("url"), findings);
  if (const auto detail = members.text("detail"); detail && *detail != "auto") image.detail = *detail;
  members.refuse_rest();
  return {.value = image, .field = members.path("url")};
}

Part read_file(Members& part, Findings& findings) {
  const auto* object = part.object("file");
  const auto field = part.path("file");
  if (object == nullptr) {
    findings.refuse_invalid(field, "is missing");
    return {.value = Document{}, .field = field};
  }
  Members members{*object, field, findings};
  if (members.take("file_id") != nullptr) {
    findings.refuse_unsupported(members.path("file_id"), "names a file that is kept at OpenAI");
    return {.value = Document{}, .field = field};
  }
  const auto title = members.text("filename").value_or("");
  const auto document =
      document_of_data_url(members.required_text("file_data"), title, members.path("file_data"), findings);
  members.refuse_rest();
  return {.value = document, .field = field};
}

Part read_part(const Json& value, const std::string& field, Findings& findings) {
  Members part{value, field, findings};
  const auto type = part.required_text("type");
  Part read{.value = Text{}, .field = field};
  if (type == "text") {
    read.value = Text{part.required_text("text")};
  } else if (type == "image_url") {
    read = read_image(part, findings);
  } else if (type == "file") {
    read = read_file(part, findings);
  } else if (type == "refusal") {
    read.value = Refusal{part.required_text("refusal")};
  } else {
    findings.refuse_unsupported(part.path("type"), "is a kind of content that cannot be translated");
    return read;
  }
  part.hints({"prompt_cache_breakpoint"});
  part.refuse_rest();
  return read;
}

std::vector<Part> read_content(const Json& content, const std::string& field, Findings& findings) {
  std::vector<Part> parts;
  if (content.is_string()) {
    parts.push_back({.value = Text{content.get_ref<const std::string&>()}, .field = field});
    return parts;
  }
  if (!content.is_array()) {
    findings.refuse_invalid(field, "must be a string or a list");
    return parts;
  }
  for (const auto& item : content) parts.push_back(read_part(item, element(field, parts.size()), findings));
  return parts;
}

Part read_call(const Json& value, const std::string& field, Findings& findings) {
  Members call{value, field, findings};
  ToolCall read;
  read.id = call.required_text("id");
  call.only("type", {"function"}, "is no function");
  call.hints({"index"});  // clients that put a stream together leave it there
  if (const auto* object = call.object("function")) {
    Members function{*object, call.path("function"), findings};
    read.name = function.required_text("name");
    read.arguments_text = function.text("arguments").value_or("");
    function.take("parsed_arguments");  // OpenAI's own client leaves it there
    function.refuse_rest();
  }
  call.refuse_rest();
  return {.value = read, .field = call.path("function.arguments")};
}

void read_assistant(Members& message, Turn& turn, Findings& findings) {
  // Not of OpenAI's own: reasoning as several compatible servers give it, and want it back.
  for (const auto* const name : {"reasoning_content", "reasoning"}) {
    if (const auto text = message.text(name); text && !text->empty()) {
      turn.parts.insert(turn.parts.begin(), {.value = Reasoning{.text = *text, .signature = {}, .redacted = {}},
                                             .field = message.path(name)});
    }
  }
  if (const auto refusal = message.text("refusal"); refusal && !refusal->empty()) {
    turn.parts.push_back({.value = Refusal{*refusal}, .field = message.path("refusal")});
  }
  if (const auto* calls = message.list("tool_calls")) {
    const auto field = message.path("tool_calls");
    std::size_t index = 0;
    for (const auto& call : *calls) turn.parts.push_back(read_call(call, element(field, index++), findings));
  }
  // What an answer had and a client sends back with it.
  if (const auto* annotations = message.take("annotations"); annotations != nullptr && !annotations->empty()) {
    findings.leave_out(message.path("annotations"));
  }
  message.take("parsed");
}

void read_message(const Json& value, const std::string& field, Conversation& conversation, Findings& findings) {
  Members message{value, field, findings};
  const auto role = message.required_text("role");
  const auto* content = message.take("content");
  auto parts = content == nullptr ? std::vector<Part>{} : read_content(*content, message.path("content"), findings);
  if (role == "tool") {
    ToolResult result{.call_id = message.required_text("tool_call_id"), .content = std::move(parts)};
    append_result(conversation.turns, {.value = std::move(result), .field = field});
    message.take("name");  // of the tool; its call says it, too
  } else {
    Turn turn{.role = Role::user, .parts = std::move(parts), .field = field};
    if (role == "assistant") {
      turn.role = Role::assistant;
      read_assistant(message, turn, findings);
    } else if (role == "system" || role == "developer") {
      turn.role = Role::system;
    } else if (role != "user") {
      findings.refuse_unsupported(message.path("role"), "is a role that cannot be translated");
    }
    if (content == nullptr && turn.parts.empty() && turn.role != Role::assistant) {
      findings.refuse_invalid(message.path("content"), "is missing");
    }
    conversation.turns.push_back(std::move(turn));
    message.refuse_unless_empty({"name"}, "has no counterpart");
  }
  message.refuse_unless_empty({"audio", "function_call"}, "has no counterpart");
  message.refuse_rest();
}

ToolDefinition read_tool(const Json& value, const std::string& field, Findings& findings) {
  Members tool{value, field, findings};
  ToolDefinition read;
  read.field = field;
  tool.only("type", {"function"}, "is no function");
  if (const auto* object = tool.object("function")) {
    Members function{*object, tool.path("function"), findings};
    read.name = function.required_text("name");
    read.description = function.text("description").value_or("");
    read.schema = function.object("parameters");
    read.strict = function.flag("strict");
    function.refuse_rest();
  }
  tool.refuse_rest();
  return read;
}

void read_choice(const Json& value, Conversation& conversation, Findings& findings) {
  auto& choice = conversation.tool_choice;
  choice.field = "tool_choice";
  if (value.is_string()) {
    if (!read_choice_word(value.get_ref<const std::string&>(), choice)) {
      findings.refuse_invalid(choice.field, "must be \"none\", \"auto\", \"required\" or a function");
    }
    return;
  }
  Members members{value, choice.field, findings};
  const auto type = members.required_text("type");
  if (type == "allowed_tools") {
    if (const auto* allowed = members.object("allowed_tools")) {
      keep_allowed(*allowed, members.path("allowed_tools"), conversation, findings);
    }
  } else if (type == "function") {
    choice.kind = ToolChoice::Kind::named;
    if (const auto* function = members.object("function")) {
      choice.name = Members{*function, members.path("function"), findings}.required_text("name");
    }
  } else {
    findings.refuse_unsupported(members.path("type"), "is no function");
    return;
  }
  members.refuse_rest();
}

OutputFormat read_format(const Json& value, Findings& findings) {
  Members members{value, "response_format", findings};
  OutputFormat format;
  format.field = "response_format";
  const auto type = members.required_text("type");
  if (type == "json_object") {
    format.kind = OutputFormat::Kind::json_object;
  } else if (type == "json_schema") {
    format.kind = OutputFormat::Kind::json_schema;
    if (const auto* object = members.object("json_schema")) {
      Members schema{*object, members.path("json_schema"), findings};
      format.name = schema.required_text("name");
      format.description = schema.text("description").value_or("");
      format.schema = schema.object("schema");
      format.strict = schema.flag("strict");
      schema.refuse_rest();
    }
    if (format.schema == nullptr) findings.refuse_invalid("response_format.json_schema.schema", "is missing");
  } else if (type != "text") {
    findings.refuse_unsupported(members.path("type"), "is a format that cannot be translated");
  }
  members.refuse_rest();
  return format;
}

void read_limits(Members& body, Conversation& conversation, Findings& findings) {
  const auto legacy = body.count("max_tokens");
  conversation.max_tokens = body.count("max_completion_tokens");
  if (!conversation.max_tokens) conversation.max_tokens = legacy;
  conversation.stop_field = "stop";
  if (const auto* stop = body.take("stop")) conversation.stop = texts(*stop, "stop", findings);
  if (const auto choices = body.count("n"); choices && *choices != 1) {
    findings.refuse_unsupported("n", "can only be 1 with this provider");
  }
  if (const auto* modalities = body.take("modalities"); modalities != nullptr && *modalities != Json::array({"text"})) {
    findings.refuse_unsupported("modalities", "can only be text with this provider");
  }
  if (const auto* options = body.object("stream_options")) {
    Members members{*options, "stream_options", findings};
    members.take("include_usage");
    members.hints({"include_obfuscation"});
    members.refuse_rest();
  }
}

}  // namespace

Conversation read_chat(const Request& request, Findings& findings) {
  Conversation conversation;
  Members body{*request.json, {}, findings};
  body.take("model");
  body.take("stream");
  if (const auto* messages = body.list("messages")) {
    std::size_t index = 0;
    for (const auto& message : *messages) {
      read_message(message, element("messages", index++), conversation, findings);
    }
  }
  if (conversation.turns.empty()) findings.refuse_invalid("messages", "must have a message");
  if (const auto* tools = body.list("tools")) {
    for (const auto& tool : *tools) {
      conversation.tools.push_back(read_tool(tool, element("tools", conversation.tools.size()), findings));
    }
  }
  if (const auto* choice = body.take("tool_choice")) read_choice(*choice, conversation, findings);
  if (const auto* format = body.take("response_format")) conversation.format = read_format(*format, findings);
  read_openai_members(body, conversation);
  read_limits(body, conversation, findings);
  if (const auto effort = body.text("reasoning_effort")) {
    conversation.effort.level = *effort;
    conversation.effort.field = "reasoning_effort";
  }
  conversation.verbosity = body.setting("verbosity");
  conversation.seed = body.number("seed");
  conversation.frequency_penalty = body.number("frequency_penalty");
  conversation.presence_penalty = body.number("presence_penalty");
  body.refuse_unless_empty({"store"}, "would keep the answer, which this provider does not");
  body.refuse_unless_empty({"logprobs", "logit_bias", "audio", "prediction", "web_search_options"},
                           "is not there for this provider");
  body.refuse_unless_empty({"functions", "function_call"}, "is what \"tools\" and \"tool_choice\" replaced");
  body.refuse_rest();
  return conversation;
}

}  // namespace runagents::llm
