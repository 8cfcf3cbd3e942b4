#include <utility>

#include "core/llm/reading.hpp"

// Anthropic's Messages (platform.claude.com/docs/en/api/messages).

namespace runagents::llm {
namespace {

constexpr std::string_view no_counterpart = "has no counterpart with this provider";

std::vector<Part> read_content(const Json& content, const std::string& field, Findings& findings);

Image read_image(Members& part, Findings& findings) {
  const auto* object = part.object("source");
  if (object == nullptr) {
    findings.refuse_invalid(part.path("source"), "is missing");
    return {};
  }
  Members source{*object, part.path("source"), findings};
  const auto type = source.required_text("type");
  Image image;
  if (type == "base64") {
    image.media_type = source.required_text("media_type");
    image.data = source.required_text("data");
  } else if (type == "url") {
    image = image_of_url(source.required_text("url"), source.path("url"), findings);
  } else {
    findings.refuse_unsupported(source.path("type"), no_counterpart);
    return {};
  }
  source.refuse_rest();
  return image;
}

Document read_document(Members& part, Findings& findings) {
  Document document;
  document.title = part.text("title").value_or("");
  part.refuse_unless_empty({"context"}, no_counterpart);
  if (const auto* citations = part.object("citations")) {
    Members members{*citations, part.path("citations"), findings};
    members.refuse_unless_empty({"enabled"}, no_counterpart);
  }
  const auto* object = part.object("source");
  if (object == nullptr) {
    findings.refuse_invalid(part.path("source"), "is missing");
    return document;
  }
  Members source{*object, part.path("source"), findings};
  const auto type = source.required_text("type");
  if (type == "base64" || type == "text") {
    document.media_type = source.required_text("media_type");
    (type == "text" ? document.text : document.data) = source.required_text("data");
  } else if (type == "url") {
    document.url = source.required_text("url");
  } else {
    findings.refuse_unsupported(source.path("type"), no_counterpart);
    return document;
  }
  source.refuse_rest();
  return document;
}

ToolCall read_call(Members& part) {
  ToolCall call;
  call.id = part.required_text("id");
  call.name = part.required_text("name");
  call.arguments = part.object("input");
  if (call.arguments == nullptr) part.findings().refuse_invalid(part.path("input"), "is missing");
  part.take("caller");
  part.refuse_unless_empty({"toolset_name"}, no_counterpart);
  return call;
}

ToolResult read_result(Members& part, Findings& findings) {
  ToolResult result;
  result.call_id = part.required_text("tool_use_id");
  result.is_error = part.flag("is_error").value_or(false);
  if (const auto* content = part.take("content")) {
    result.content = read_content(*content, part.path("content"), findings);
  }
  part.refuse_unless_empty({"toolset_name"}, no_counterpart);
  return result;
}

Part read_part(const Json& value, const std::string& field, Findings& findings) {
  Members part{value, field, findings};
  Part read{.value = Text{}, .field = field};
  const auto type = part.required_text("type");
  if (type == "text") {
    read.value = Text{part.required_text("text")};
    if (const auto* citations = part.take("citations"); citations != nullptr && !citations->empty()) {
      findings.leave_out(part.path("citations"));
    }
  } else if (type == "image") {
    read.value = read_image(part, findings);
    part.refuse_unless_empty({"transformations"}, no_counterpart);
  } else if (type == "document") {
    read.value = read_document(part, findings);
  } else if (type == "thinking") {
    read.value = Reasoning{
        .text = part.required_text("thinking"), .signature = part.text("signature").value_or(""), .redacted = {}};
  } else if (type == "redacted_thinking") {
    read.value = Reasoning{.text = {}, .signature = {}, .redacted = part.required_text("data")};
  } else if (type == "tool_use") {
    read.value = read_call(part);
  } else if (type == "tool_result") {
    read.value = read_result(part, findings);
  } else {
    findings.refuse_unsupported(part.path("type"), "is a kind of content that cannot be translated");
    return read;
  }
  read.cache_control = part.object("cache_control");
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

Turn read_message(const Json& value, const std::string& field, Findings& findings) {
  Members message{value, field, findings};
  Turn turn{.role = Role::user, .parts = {}, .field = field};
  const auto role = message.required_text("role");
  if (role == "assistant") {
    turn.role = Role::assistant;
  } else if (role == "system") {
    turn.role = Role::system;
  } else if (role != "user") {
    findings.refuse_invalid(message.path("role"), "must be \"user\" or \"assistant\"");
  }
  if (const auto* content = message.take("content")) {
    turn.parts = read_content(*content, message.path("content"), findings);
  } else {
    findings.refuse_invalid(message.path("content"), "is missing");
  }
  message.refuse_rest();
  return turn;
}

ToolDefinition read_tool(const Json& value, const std::string& field, Findings& findings) {
  Members tool{value, field, findings};
  ToolDefinition read;
  read.field = field;
  tool.only("type", {"custom"}, "is a tool of Anthropic's own");
  read.name = tool.required_text("name");
  read.description = tool.text("description").value_or("");
  read.schema = tool.object("input_schema");
  read.strict = tool.flag("strict");
  read.cache_control = tool.object("cache_control");
  tool.hints({"eager_input_streaming"});
  if (const auto* callers = tool.take("allowed_callers"); callers != nullptr && *callers != Json::array({"direct"})) {
    findings.refuse_unsupported(tool.path("allowed_callers"), no_counterpart);
  }
  tool.refuse_unless_empty({"defer_loading", "input_examples"}, no_counterpart);
  tool.refuse_rest();
  return read;
}

void read_choice(const Json& value, ToolChoice& choice, Findings& findings) {
  using enum ToolChoice::Kind;
  Members members{value, "tool_choice", findings};
  choice.field = "tool_choice";
  const auto type = members.required_text("type");
  if (type == "any") {
    choice.kind = required;
  } else if (type == "tool") {
    choice.kind = named;
    choice.name = members.required_text("name");
  } else if (type == "none") {
    choice.kind = none;
  } else if (type != "auto") {
    findings.refuse_invalid(members.path("type"), "must be \"auto\", \"any\", \"tool\" or \"none\"");
  }
  if (const auto disabled = members.flag("disable_parallel_tool_use")) {
    choice.parallel = !*disabled;
    choice.parallel_field = members.path("disable_parallel_tool_use");
  }
  members.refuse_rest();
}

void read_thinking(const Json& value, Effort& effort, Findings& findings) {
  Members thinking{value, "thinking", findings};
  const auto type = thinking.required_text("type");
  effort.field = "thinking";
  effort.thinking = &value;
  if (type == "enabled") {
    effort.budget = thinking.count("budget_tokens");
    if (!effort.budget) findings.refuse_invalid(thinking.path("budget_tokens"), "is missing");
  } else if (type == "disabled") {
    effort.is_disabled = true;
  } else if (type != "adaptive") {
    findings.refuse_unsupported(thinking.path("type"), no_counterpart);
  }
  thinking.only("display", {"summarized", "omitted"}, no_counterpart);
  thinking.refuse_rest();
}

void read_output(const Json& value, Conversation& conversation, Findings& findings) {
  Members output{value, "output_config", findings};
  if (const auto effort = output.text("effort")) {
    conversation.effort.level = *effort;
    if (conversation.effort.field.empty()) conversation.effort.field = output.path("effort");
  }
  if (const auto* object = output.object("format")) {
    Members format{*object, output.path("format"), findings};
    format.only("type", {"json_schema"}, "is a format that cannot be translated");
    conversation.format = {.kind = OutputFormat::Kind::json_schema,
                           .name = "output",
                           .description = {},
                           .schema = format.object("schema"),
                           .strict = true,
                           .field = format.path()};
    if (conversation.format.schema == nullptr) findings.refuse_invalid(format.path("schema"), "is missing");
    format.refuse_rest();
  }
  output.refuse_rest();
}

void read_rest(Members& body, Conversation& conversation, Findings& findings) {
  if (const auto* metadata = body.object("metadata")) {
    Members members{*metadata, "metadata", findings};
    if (members.text("user_id")) conversation.user = members.setting("user_id");
    members.refuse_rest();
  }
  if (const auto tier = body.text("service_tier"); tier && *tier != "auto" && *tier != "standard_only") {
    findings.refuse_invalid("service_tier", "must be \"auto\" or \"standard_only\"");
  }
  body.only("speed", {"standard"}, no_counterpart);
  body.hints({"cache_control"});
  body.refuse_unless_empty(
      {"container", "context_management", "mcp_servers", "inference_geo", "diagnostics", "user_profile_id"},
      no_counterpart);
  body.refuse_rest();
}

}  // namespace

Conversation read_messages(const Request& request, Findings& findings) {
  Conversation conversation;
  Members body{*request.json, {}, findings};
  body.take("model");
  body.take("stream");
  if (const auto* system = body.take("system")) {
    conversation.turns.push_back(
        {.role = Role::system, .parts = read_content(*system, "system", findings), .field = "system"});
  }
  if (const auto* messages = body.list("messages"); messages != nullptr && !messages->empty()) {
    std::size_t index = 0;
    for (const auto& message : *messages) {
      conversation.turns.push_back(read_message(message, element("messages", index++), findings));
    }
  } else {
    findings.refuse_invalid("messages", "must have a message");
  }
  if (const auto* tools = body.list("tools")) {
    for (const auto& tool : *tools) {
      conversation.tools.push_back(read_tool(tool, element("tools", conversation.tools.size()), findings));
    }
  }
  if (const auto* choice = body.take("tool_choice")) read_choice(*choice, conversation.tool_choice, findings);
  if (const auto* thinking = body.take("thinking")) read_thinking(*thinking, conversation.effort, findings);
  if (const auto* output = body.take("output_config")) read_output(*output, conversation, findings);
  conversation.max_tokens = body.count("max_tokens");
  if (!conversation.max_tokens) findings.refuse_invalid("max_tokens", "is missing");
  conversation.stop_field = "stop_sequences";
  if (const auto* stop = body.list("stop_sequences")) conversation.stop = texts(*stop, "stop_sequences", findings);
  conversation.temperature = body.number("temperature");
  conversation.top_p = body.number("top_p");
  conversation.top_k = body.number("top_k");
  read_rest(body, conversation, findings);
  return conversation;
}

}  // namespace runagents::llm
