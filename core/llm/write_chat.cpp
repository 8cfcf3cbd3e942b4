#include <algorithm>
#include <utility>

#include "core/auth/hash.hpp"
#include "core/llm/writing.hpp"

// OpenAI's Chat Completions, for OpenAI, Azure and what is compatible
// (platform.openai.com/docs/api-reference/chat/create).

namespace runagents::llm {
namespace {

constexpr std::size_t max_user_size = 64;
constexpr std::size_t max_stops = 4;

std::string data_url(std::string_view media_type, std::string_view data) {
  return "data:" + std::string{media_type} + ";base64," + std::string{data};
}

Json text_part(std::string_view text) { return {{"type", "text"}, {"text", text}}; }

Json write_part(const Part& part, Findings& findings) {
  if (const auto* text = std::get_if<Text>(&part.value)) return text_part(text->text);
  if (const auto* image = std::get_if<Image>(&part.value)) {
    Json url = {{"url", image->url.empty() ? data_url(image->media_type, image->data) : std::string{image->url}}};
    if (!image->detail.empty()) url["detail"] = image->detail;
    return {{"type", "image_url"}, {"image_url", std::move(url)}};
  }
  const auto* document = std::get_if<Document>(&part.value);
  if (document == nullptr || document->data.empty()) {
    findings.refuse_unsupported(part.field, "cannot be sent to this provider");
    return nullptr;
  }
  return {{"type", "file"},
          {"file",
           {{"filename", document->title.empty() ? std::string_view{"document.pdf"} : document->title},
            {"file_data", data_url(document->media_type, document->data)}}}};
}

/// One text needs no list.
Json write_content(const std::vector<const Part*>& parts, Findings& findings) {
  if (parts.size() == 1) {
    if (const auto* text = std::get_if<Text>(&parts.front()->value)) return text->text;
  }
  auto content = Json::array();
  for (const auto* part : parts) content.push_back(write_part(*part, findings));
  return content;
}

Json write_result(const ToolResult& result, Findings& findings) {
  auto text = joined_text(result.content, findings);
  // There is no mark for a failure; the model reads it.
  if (result.is_error) text.insert(0, "Error: ");
  return {{"role", "tool"}, {"tool_call_id", call_id(result.call_id)}, {"content", std::move(text)}};
}

void write_user(const Turn& turn, Json& messages, Findings& findings) {
  std::vector<const Part*> parts;
  for (const auto& part : turn.parts) {
    if (const auto* result = std::get_if<ToolResult>(&part.value)) {
      messages.push_back(write_result(*result, findings));
    } else {
      parts.push_back(&part);
    }
  }
  if (!parts.empty()) messages.push_back({{"role", "user"}, {"content", write_content(parts, findings)}});
}

void write_assistant(const Turn& turn, Json& messages, Findings& findings) {
  Json message = {{"role", "assistant"}, {"content", nullptr}};
  std::string text;
  auto calls = Json::array();
  for (const auto& part : turn.parts) {
    if (const auto* said = std::get_if<Text>(&part.value)) {
      if (!text.empty()) text += '\n';
      text += said->text;
    } else if (const auto* refusal = std::get_if<Refusal>(&part.value)) {
      message["refusal"] = refusal->text;
    } else if (const auto* call = std::get_if<ToolCall>(&part.value)) {
      calls.push_back({{"id", call_id(call->id)},
                       {"type", "function"},
                       {"function", {{"name", call->name}, {"arguments", arguments_text(*call)}}}});
    } else if (std::holds_alternative<Reasoning>(part.value)) {
      findings.leave_out(part.field);
    } else {
      findings.refuse_unsupported(part.field, "cannot be part of an assistant's message with this provider");
    }
  }
  const bool is_empty = text.empty() && calls.empty() && !message.contains("refusal");
  if (is_empty) return;
  if (!text.empty()) message["content"] = std::move(text);
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  messages.push_back(std::move(message));
}

Json write_turns(const Conversation& conversation, Findings& findings) {
  auto messages = Json::array();
  for (const auto& turn : conversation.turns) {
    if (turn.role == Role::user) {
      write_user(turn, messages, findings);
    } else if (turn.role == Role::assistant) {
      write_assistant(turn, messages, findings);
    } else {
      // "developer" is not known everywhere; where it is, "system" means the same.
      messages.push_back({{"role", "system"}, {"content", joined_text(turn.parts, findings)}});
    }
  }
  return messages;
}

void write_tools(const Conversation& conversation, Json& body) {
  if (conversation.tools.empty()) return;
  auto tools = Json::array();
  for (const auto& tool : conversation.tools) {
    Json function = {{"name", tool.name}};
    if (!tool.description.empty()) function["description"] = tool.description;
    function["parameters"] = schema_of(tool);
    if (tool.strict) function["strict"] = *tool.strict;
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  body["tools"] = std::move(tools);
  const auto& choice = conversation.tool_choice;
  if (choice.kind == ToolChoice::Kind::named) {
    body["tool_choice"] = {{"type", "function"}, {"function", {{"name", choice.name}}}};
  } else if (!choice.field.empty()) {
    using enum ToolChoice::Kind;
    body["tool_choice"] = choice.kind == none ? "none" : choice.kind == required ? "required" : "auto";
  }
  if (choice.parallel) body["parallel_tool_calls"] = *choice.parallel;
}

void write_format(const OutputFormat& format, Json& body) {
  if (format.kind == OutputFormat::Kind::json_object) body["response_format"] = {{"type", "json_object"}};
  if (format.kind != OutputFormat::Kind::json_schema || format.schema == nullptr) return;
  Json schema = {{"name", format.name}};
  if (!format.description.empty()) schema["description"] = format.description;
  schema["schema"] = *format.schema;
  if (format.strict) schema["strict"] = *format.strict;
  body["response_format"] = {{"type", "json_schema"}, {"json_schema", std::move(schema)}};
}

void write_effort(const Effort& effort, Json& body) {
  if (effort.is_disabled) return;
  if (!effort.level.empty()) {
    body["reasoning_effort"] = effort.level;
  } else if (effort.budget) {
    body["reasoning_effort"] = *effort.budget <= 4096 ? "low" : *effort.budget <= 16384 ? "medium" : "high";
  }
}

/// OpenAI takes 64 signs, and recommends a digest.
std::string user_of(const std::string& user) {
  return user.size() <= max_user_size ? user : auth::hex(auth::sha256(user));
}

void write_settings(const Conversation& conversation, const Upstream& upstream, Json& body, Findings& findings) {
  const auto set = [&body](const char* name, const Setting& setting) {
    if (setting) body[name] = *setting.value;
  };
  if (conversation.max_tokens) {
    body[upstream.is_compatible ? "max_tokens" : "max_completion_tokens"] = *conversation.max_tokens;
  }
  set("temperature", conversation.temperature);
  set("top_p", conversation.top_p);
  set("seed", conversation.seed);
  set("frequency_penalty", conversation.frequency_penalty);
  set("presence_penalty", conversation.presence_penalty);
  set("verbosity", conversation.verbosity);
  set("service_tier", conversation.service_tier);
  if (upstream.is_compatible) {
    set("top_k", conversation.top_k);
  } else {
    refuse_settings({&conversation.top_k}, "is not there for this provider", findings);
    if (conversation.stop.size() > max_stops) {
      findings.refuse_unsupported(conversation.stop_field, "can have 4 texts with this provider");
    }
  }
  if (!conversation.stop.empty()) body["stop"] = conversation.stop;
  if (conversation.user) body["user"] = user_of(conversation.user.value->get_ref<const std::string&>());
}

}  // namespace

Json write_chat(const Conversation& conversation, const Upstream& upstream, bool stream, Findings& findings) {
  Json body = {{"model", upstream.model}, {"messages", write_turns(conversation, findings)}};
  write_tools(conversation, body);
  write_format(conversation.format, body);
  write_effort(conversation.effort, body);
  write_settings(conversation, upstream, body, findings);
  leave_out_cache_marks(conversation, findings);
  if (stream) {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
  }
  return body;
}

}  // namespace runagents::llm
