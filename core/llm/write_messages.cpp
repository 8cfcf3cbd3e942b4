#include <algorithm>
#include <array>
#include <utility>

#include "core/llm/writing.hpp"

// Anthropic's Messages (platform.claude.com/docs/en/api/messages).

namespace runagents::llm {
namespace {

constexpr std::array image_types = {std::string_view{"image/jpeg"}, std::string_view{"image/png"},
                                    std::string_view{"image/gif"}, std::string_view{"image/webp"}};

Json write_image(const Image& image, const std::string& field, Findings& findings) {
  if (!image.detail.empty()) findings.leave_out(field + " (detail)");
  if (!image.url.empty()) return {{"type", "image"}, {"source", {{"type", "url"}, {"url", image.url}}}};
  if (std::ranges::find(image_types, image.media_type) == image_types.end()) {
    findings.refuse_unsupported(field, "must be a JPEG, PNG, GIF or WebP image for this provider");
  }
  return {{"type", "image"}, {"source", {{"type", "base64"}, {"media_type", image.media_type}, {"data", image.data}}}};
}

Json write_document(const Document& document, const std::string& field, Findings& findings) {
  Json source;
  if (!document.url.empty()) {
    source = {{"type", "url"}, {"url", document.url}};
  } else {
    if (document.media_type != "application/pdf") {
      findings.refuse_unsupported(field, "must be a PDF for this provider");
    }
    source = {{"type", "base64"}, {"media_type", document.media_type}, {"data", document.data}};
  }
  Json block = {{"type", "document"}, {"source", std::move(source)}};
  if (!document.title.empty()) block["title"] = document.title;
  return block;
}

Json text_block(std::string_view text) { return {{"type", "text"}, {"text", text}}; }

struct BlockWriter {
  const std::string& field;
  Findings& findings;

  Json operator()(const Text& text) const { return text_block(text.text); }
  Json operator()(const Image& image) const { return write_image(image, field, findings); }
  Json operator()(const Document& document) const { return write_document(document, field, findings); }
  Json operator()(const Refusal& refusal) const { return text_block(refusal.text); }
  Json operator()(const Reasoning& reasoning) const {
    if (!reasoning.redacted.empty()) return {{"type", "redacted_thinking"}, {"data", reasoning.redacted}};
    if (reasoning.signature.empty()) {
      findings.leave_out(field);
      return nullptr;
    }
    return {{"type", "thinking"}, {"thinking", reasoning.text}, {"signature", reasoning.signature}};
  }
  Json operator()(const ToolCall& call) const {
    return {{"type", "tool_use"},
            {"id", call_id(call.id)},
            {"name", call.name},
            {"input", arguments_object(call, field, findings)}};
  }
  Json operator()(const ToolResult& result) const {
    Json block = {{"type", "tool_result"}, {"tool_use_id", call_id(result.call_id)}};
    if (result.content.size() == 1 && std::holds_alternative<Text>(result.content.front().value)) {
      block["content"] = std::get<Text>(result.content.front().value).text;
    } else {
      auto content = Json::array();
      for (const auto& part : result.content)
        content.push_back(std::visit(BlockWriter{part.field, findings}, part.value));
      block["content"] = std::move(content);
    }
    if (result.is_error) block["is_error"] = true;
    return block;
  }
};

/// Blank texts beside other parts are nothing, and refused by Anthropic.
bool is_blank(const Part& part) {
  const auto* text = std::get_if<Text>(&part.value);
  return text != nullptr && text->text.empty();
}

Json write_parts(const Turn& turn, Findings& findings) {
  auto content = Json::array();
  for (const auto& part : turn.parts) {
    if (is_blank(part) && (turn.role != Role::user || turn.parts.size() > 1)) continue;
    auto block = std::visit(BlockWriter{part.field, findings}, part.value);
    if (!block.is_null()) content.push_back(std::move(block));
  }
  if (turn.role == Role::system) {
    for (const auto& part : turn.parts) {
      if (!std::holds_alternative<Text>(part.value)) findings.refuse_unsupported(part.field, "must be text");
    }
  }
  return content;
}

/// One text needs no list.
Json shortened(Json content) {
  if (content.size() == 1 && content.front()["type"] == "text") return std::move(content.front()["text"]);
  return content;
}

void write_turns(const Conversation& conversation, Json& body, Findings& findings) {
  auto system = Json::array();
  auto messages = Json::array();
  for (const auto& turn : conversation.turns) {
    auto content = write_parts(turn, findings);
    if (content.empty() && turn.role != Role::user) continue;
    if (turn.role == Role::system && messages.empty()) {
      system.insert(system.end(), content.begin(), content.end());
      continue;
    }
    const auto* role = turn.role == Role::assistant ? "assistant" : turn.role == Role::system ? "system" : "user";
    messages.push_back({{"role", role}, {"content", shortened(std::move(content))}});
  }
  if (!system.empty()) body["system"] = shortened(std::move(system));
  body["messages"] = std::move(messages);
}

void write_tools(const Conversation& conversation, Json& body) {
  if (conversation.tools.empty()) return;
  auto tools = Json::array();
  for (const auto& tool : conversation.tools) {
    Json written = {{"name", tool.name}};
    if (!tool.description.empty()) written["description"] = tool.description;
    written["input_schema"] = schema_of(tool);
    if (tool.strict.value_or(false)) written["strict"] = true;
    tools.push_back(std::move(written));
  }
  body["tools"] = std::move(tools);
  const auto& choice = conversation.tool_choice;
  const bool one_by_one = !choice.parallel.value_or(true);
  if (choice.field.empty() && !one_by_one) return;
  Json written = {{"type", "auto"}};
  if (choice.kind == ToolChoice::Kind::none) written["type"] = "none";
  if (choice.kind == ToolChoice::Kind::required) written["type"] = "any";
  if (choice.kind == ToolChoice::Kind::named) written = {{"type", "tool"}, {"name", choice.name}};
  if (one_by_one && choice.kind != ToolChoice::Kind::none) written["disable_parallel_tool_use"] = true;
  body["tool_choice"] = std::move(written);
}

void write_settings(const Conversation& conversation, Json& body, Findings& findings) {
  check_temperature(conversation, findings);
  if (conversation.temperature) body["temperature"] = *conversation.temperature.value;
  if (conversation.top_p) body["top_p"] = *conversation.top_p.value;
  if (conversation.top_k) body["top_k"] = *conversation.top_k.value;
  if (!conversation.stop.empty()) body["stop_sequences"] = conversation.stop;
  if (conversation.user) body["metadata"] = {{"user_id", *conversation.user.value}};
  constexpr std::string_view why = "is not there for this provider";
  refuse_settings(
      {&conversation.seed, &conversation.frequency_penalty, &conversation.presence_penalty, &conversation.metadata},
      why, findings);
  only_texts(conversation.verbosity, {"medium"}, why, findings);
  only_texts(conversation.service_tier, {"auto", "default"}, why, findings);
}

void write_output(const Conversation& conversation, Json& body, Findings& findings) {
  const auto& format = conversation.format;
  if (format.kind == OutputFormat::Kind::json_object) {
    findings.refuse_unsupported(format.field, "must be a JSON schema for this provider");
  }
  if (format.kind == OutputFormat::Kind::json_schema && format.schema != nullptr) {
    body["output_config"]["format"] = {{"type", "json_schema"}, {"schema", closed_schema(*format.schema)}};
  }
}

}  // namespace

Json write_messages(const Conversation& conversation, const Upstream& upstream, bool stream, Findings& findings) {
  const auto max_tokens = conversation.max_tokens.value_or(default_max_tokens(upstream.model));
  Json body = {{"model", upstream.model}, {"max_tokens", max_tokens}};
  write_turns(conversation, body, findings);
  write_tools(conversation, body);
  write_settings(conversation, body, findings);
  body.update(claude_thinking(conversation.effort, upstream.model, max_tokens, findings));
  write_output(conversation, body, findings);
  if (stream) body["stream"] = true;
  return body;
}

}  // namespace runagents::llm
