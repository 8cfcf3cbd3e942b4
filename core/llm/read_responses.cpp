#include <utility>

#include "core/llm/reading.hpp"
#include "core/llm/sealed_reasoning.hpp"

// OpenAI's Responses, as far as a request carries everything itself (platform.openai.com/docs/api-reference/responses).

namespace runagents::llm {
namespace {

constexpr std::string_view openai_only = "is a service of OpenAI that this provider does not have";

Part read_part(const Json& value, const std::string& field, Findings& findings) {
  Members part{value, field, findings};
  Part read{.value = Text{}, .field = field};
  const auto type = part.required_text("type");
  if (type == "input_text" || type == "output_text" || type == "text") {
    read.value = Text{part.required_text("text")};
    part.take("logprobs");
    if (const auto* annotations = part.take("annotations"); annotations != nullptr && !annotations->empty()) {
      findings.leave_out(part.path("annotations"));
    }
  } else if (type == "refusal") {
    read.value = Refusal{part.required_text("refusal")};
  } else if (type == "input_image") {
    part.refuse_unless_empty({"file_id"}, "names a file that is kept at OpenAI");
    auto image = image_of_url(part.required_text("image_url"), part.path("image_url"), findings);
    if (const auto detail = part.text("detail"); detail && *detail != "auto") image.detail = *detail;
    read.value = image;
    read.field = part.path("image_url");
  } else if (type == "input_file") {
    part.refuse_unless_empty({"file_id"}, "names a file that is kept at OpenAI");
    part.hints({"detail"});
    const auto title = part.text("filename").value_or("");
    if (const auto url = part.text("file_url")) {
      read.value = Document{.media_type = {}, .data = {}, .text = {}, .url = *url, .title = title};
    } else {
      read.value = document_of_data_url(part.required_text("file_data"), title, part.path("file_data"), findings);
    }
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

/// An assistant's turn is several items: message, calls, reasoning.
std::vector<Part>& assistant_parts(Conversation& conversation, const std::string& field) {
  if (conversation.turns.empty() || conversation.turns.back().role != Role::assistant) {
    conversation.turns.push_back({.role = Role::assistant, .parts = {}, .field = field});
  }
  return conversation.turns.back().parts;
}

void read_message(Members& item, Conversation& conversation, Findings& findings) {
  const auto role = item.required_text("role");
  const auto* content = item.take("content");
  if (content == nullptr) findings.refuse_invalid(item.path("content"), "is missing");
  auto parts = content == nullptr ? std::vector<Part>{} : read_content(*content, item.path("content"), findings);
  item.take("phase");
  if (role == "assistant") {
    auto& all = assistant_parts(conversation, item.path());
    for (auto& part : parts) all.push_back(std::move(part));
    return;
  }
  const bool is_system = role == "system" || role == "developer";
  if (!is_system && role != "user") findings.refuse_invalid(item.path("role"), "is no role");
  conversation.turns.push_back(
      {.role = is_system ? Role::system : Role::user, .parts = std::move(parts), .field = item.path()});
}

void read_reasoning(Members& item, Conversation& conversation, Findings& findings) {
  std::string_view text;
  if (const auto* summary = item.list("summary"); summary != nullptr && !summary->empty()) {
    text = Members{summary->front(), element(item.path("summary"), 0), findings}.required_text("text");
  }
  item.take("content");
  auto reasoning = unseal_reasoning(item.text("encrypted_content").value_or(""));
  if (!reasoning) return findings.leave_out(item.path());
  reasoning->text = text;
  assistant_parts(conversation, item.path()).push_back({.value = *reasoning, .field = item.path()});
}

void read_call(Members& item, Conversation& conversation) {
  ToolCall call;
  call.id = item.required_text("call_id");
  call.name = item.required_text("name");
  call.arguments_text = item.text("arguments").value_or("");
  item.refuse_unless_empty({"namespace"}, openai_only);
  item.take("caller");
  item.take("parsed_arguments");  // OpenAI's own client leaves it there
  assistant_parts(conversation, item.path()).push_back({.value = call, .field = item.path("arguments")});
}

void read_result(Members& item, Conversation& conversation, Findings& findings) {
  ToolResult result;
  result.call_id = item.required_text("call_id");
  if (const auto* output = item.take("output")) {
    result.content = read_content(*output, item.path("output"), findings);
  } else {
    findings.refuse_invalid(item.path("output"), "is missing");
  }
  item.take("caller");
  append_result(conversation.turns, {.value = std::move(result), .field = item.path()});
}

void read_item(const Json& value, const std::string& field, Conversation& conversation, Findings& findings) {
  Members item{value, field, findings};
  const auto type = item.text("type").value_or("message");
  item.take("id");
  item.take("status");
  if (type == "message") {
    read_message(item, conversation, findings);
  } else if (type == "reasoning") {
    read_reasoning(item, conversation, findings);
  } else if (type == "function_call") {
    read_call(item, conversation);
  } else if (type == "function_call_output") {
    read_result(item, conversation, findings);
  } else {
    return findings.refuse_unsupported(item.path("type"), "is a kind of item that cannot be translated");
  }
  item.refuse_rest();
}

ToolDefinition read_tool(const Json& value, const std::string& field, Findings& findings) {
  Members tool{value, field, findings};
  ToolDefinition read;
  read.field = field;
  if (tool.required_text("type") != "function") {
    findings.refuse_unsupported(tool.path("type"), "is a tool of OpenAI's own");
    return read;
  }
  read.name = tool.required_text("name");
  read.description = tool.text("description").value_or("");
  read.schema = tool.object("parameters");
  read.strict = tool.flag("strict");
  tool.refuse_unless_empty({"defer_loading"}, openai_only);
  if (const auto* callers = tool.take("allowed_callers"); callers != nullptr && *callers != Json::array({"direct"})) {
    findings.refuse_unsupported(tool.path("allowed_callers"), openai_only);
  }
  tool.hints({"output_schema"});
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
  if (type == "function") {
    choice.kind = ToolChoice::Kind::named;
    choice.name = members.required_text("name");
    members.refuse_rest();
  } else if (type == "allowed_tools") {
    keep_allowed(value, choice.field, conversation, findings);
  } else {
    findings.refuse_unsupported(members.path("type"), "is no function");
  }
}

void read_text(const Json& value, Conversation& conversation, Findings& findings) {
  Members text{value, "text", findings};
  conversation.verbosity = text.setting("verbosity");
  if (const auto* object = text.object("format")) {
    Members format{*object, "text.format", findings};
    auto& read = conversation.format;
    read.field = "text.format";
    const auto type = format.required_text("type");
    if (type == "json_object") {
      read.kind = OutputFormat::Kind::json_object;
    } else if (type == "json_schema") {
      read.kind = OutputFormat::Kind::json_schema;
      read.name = format.required_text("name");
      read.description = format.text("description").value_or("");
      read.schema = format.object("schema");
      read.strict = format.flag("strict");
      if (read.schema == nullptr) findings.refuse_invalid("text.format.schema", "is missing");
    } else if (type != "text") {
      findings.refuse_unsupported("text.format.type", "is a format that cannot be translated");
    }
    format.refuse_rest();
  }
  text.refuse_rest();
}

void read_reasoning_options(const Json& value, Conversation& conversation, Findings& findings) {
  Members reasoning{value, "reasoning", findings};
  if (const auto effort = reasoning.text("effort")) {
    conversation.effort.level = *effort;
    conversation.effort.field = reasoning.path("effort");
  }
  // Providers give what they give; a summary is what becomes of it.
  reasoning.hints({"summary", "generate_summary"});
  reasoning.only("mode", {"standard"}, openai_only);
  reasoning.only("context", {"auto", "current_turn"}, openai_only);
  reasoning.refuse_rest();
}

void read_rest(Members& body, Findings& findings) {
  if (const auto* include = body.list("include")) {
    for (std::size_t i = 0; i < include->size(); ++i) {
      if ((*include)[i] == "reasoning.encrypted_content") continue;
      findings.refuse_unsupported(element("include", i), openai_only);
    }
  }
  if (body.flag("store").value_or(false)) {
    findings.refuse_unsupported("store", "would keep the answer, which this provider does not");
  }
  if (const auto* options = body.object("stream_options")) {
    Members members{*options, "stream_options", findings};
    members.hints({"include_obfuscation"});
    members.refuse_rest();
  }
  body.only("truncation", {"disabled"}, openai_only);
  body.take("max_tool_calls");  // counts the calls of OpenAI's own tools, of which there are none
  body.refuse_unless_empty({"previous_response_id", "conversation"},
                           "names what is kept at OpenAI; send the whole conversation as \"input\"");
  body.refuse_unless_empty({"background", "prompt", "context_management"}, openai_only);
  body.refuse_rest();
}

}  // namespace

Conversation read_responses(const Request& request, Findings& findings) {
  Conversation conversation;
  Members body{*request.json, {}, findings};
  body.take("model");
  body.take("stream");
  if (const auto instructions = body.text("instructions"); instructions && !instructions->empty()) {
    conversation.turns.push_back({.role = Role::system, .parts = {}, .field = "instructions"});
    conversation.turns.back().parts.push_back({.value = Text{*instructions}, .field = "instructions"});
  }
  if (const auto* input = body.take("input"); input != nullptr && input->is_string()) {
    conversation.turns.push_back(
        {.role = Role::user, .parts = read_content(*input, "input", findings), .field = "input"});
  } else if (input != nullptr && input->is_array() && !input->empty()) {
    std::size_t index = 0;
    for (const auto& item : *input) read_item(item, element("input", index++), conversation, findings);
  } else {
    findings.refuse_invalid("input", "must be a text or a list with an item");
  }
  if (const auto* tools = body.list("tools")) {
    for (const auto& tool : *tools) {
      conversation.tools.push_back(read_tool(tool, element("tools", conversation.tools.size()), findings));
    }
  }
  if (const auto* choice = body.take("tool_choice")) read_choice(*choice, conversation, findings);
  if (const auto* text = body.take("text")) read_text(*text, conversation, findings);
  if (const auto* reasoning = body.take("reasoning")) read_reasoning_options(*reasoning, conversation, findings);
  conversation.max_tokens = body.count("max_output_tokens");
  read_openai_members(body, conversation);
  conversation.metadata = {};  // the Response object gives it back, and that is all that it is for
  read_rest(body, findings);
  return conversation;
}

Conversation read_conversation(const Request& request, Findings& findings) {
  switch (request.api) {
    case Api::openai_responses:
      return read_responses(request, findings);
    case Api::anthropic_messages:
    case Api::anthropic_count_tokens:
      return read_messages(request, findings);
    default:
      return read_chat(request, findings);
  }
}

}  // namespace runagents::llm
