#include <map>
#include <utility>

#include "core/llm/writing.hpp"

// Ollama's own chat (github.com/ollama/ollama, docs/api.md).

namespace runagents::llm {
namespace {

constexpr std::string_view not_there = "is not there for this provider";

/// Which tool a call was for: a result names its tool.
using Calls = std::map<std::string_view, std::string_view>;

struct Message {
  std::string text;
  Json images = Json::array();
  Json calls = Json::array();
  std::string thinking;
};

void add_text(Message& message, std::string_view text) {
  if (!message.text.empty() && !text.empty()) message.text += '\n';
  message.text += text;
}

void add(Message& message, const Part& part, Calls& calls, Findings& findings) {
  if (const auto* text = std::get_if<Text>(&part.value)) {
    add_text(message, text->text);
  } else if (const auto* refusal = std::get_if<Refusal>(&part.value)) {
    add_text(message, refusal->text);
  } else if (const auto* image = std::get_if<Image>(&part.value)) {
    if (!image->url.empty()) {
      findings.refuse_unsupported(part.field, "must be a data URL: this provider fetches no images");
    }
    if (!image->detail.empty()) findings.leave_out(part.field + " (detail)");
    message.images.push_back(image->data);
  } else if (const auto* reasoning = std::get_if<Reasoning>(&part.value)) {
    if (reasoning->text.empty()) findings.leave_out(part.field);
    message.thinking += reasoning->text;
  } else if (const auto* call = std::get_if<ToolCall>(&part.value)) {
    calls.insert_or_assign(call->id, call->name);
    message.calls.push_back(
        {{"id", call->id},
         {"function", {{"name", call->name}, {"arguments", arguments_object(*call, part.field, findings)}}}});
  } else {
    findings.refuse_unsupported(part.field, "can only be text or an image for this provider");
  }
}

Json write(Message message, std::string_view role) {
  Json written = {{"role", role}, {"content", std::move(message.text)}};
  if (!message.thinking.empty()) written["thinking"] = std::move(message.thinking);
  if (!message.images.empty()) written["images"] = std::move(message.images);
  if (!message.calls.empty()) written["tool_calls"] = std::move(message.calls);
  return written;
}

Json write_result(const ToolResult& result, Calls& calls, Findings& findings) {
  Message message;
  for (const auto& part : result.content) add(message, part, calls, findings);
  // There is no mark for a failure; the model reads it.
  if (result.is_error) message.text.insert(0, "Error: ");
  auto written = write(std::move(message), "tool");
  if (const auto call = calls.find(result.call_id); call != calls.end()) written["tool_name"] = call->second;
  written["tool_call_id"] = result.call_id;
  return written;
}

Json write_turns(const Conversation& conversation, Findings& findings) {
  auto messages = Json::array();
  Calls calls;
  for (const auto& turn : conversation.turns) {
    Message message;
    bool has_others = false;
    for (const auto& part : turn.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part.value)) {
        messages.push_back(write_result(*result, calls, findings));
      } else {
        add(message, part, calls, findings);
        has_others = true;
      }
    }
    if (!has_others) continue;
    const auto* role = turn.role == Role::assistant ? "assistant" : turn.role == Role::system ? "system" : "user";
    messages.push_back(write(std::move(message), role));
  }
  return messages;
}

void write_tools(const Conversation& conversation, Json& body, Findings& findings) {
  const auto& choice = conversation.tool_choice;
  if (conversation.tools.empty() || choice.kind == ToolChoice::Kind::none) return;
  if (choice.kind != ToolChoice::Kind::automatic) {
    findings.refuse_unsupported(choice.field, "can only be \"auto\" or \"none\" with this provider");
  }
  if (!choice.parallel.value_or(true)) {
    findings.refuse_unsupported(choice.parallel_field, "cannot be turned off with this provider");
  }
  auto tools = Json::array();
  for (const auto& tool : conversation.tools) {
    if (tool.strict.value_or(false)) findings.leave_out(tool.field + ".strict");
    Json function = {{"name", tool.name}, {"description", tool.description}, {"parameters", schema_of(tool)}};
    tools.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  body["tools"] = std::move(tools);
}

void write_think(const Effort& effort, Json& body, Findings& findings) {
  if (effort.is_disabled || effort.level == "none") {
    body["think"] = false;
  } else if (effort.level == "minimal" || effort.level == "low") {
    body["think"] = "low";
  } else if (effort.level == "medium" || effort.level == "high") {
    body["think"] = effort.level;
  } else if (!effort.level.empty()) {
    findings.refuse_unsupported(effort.field, "goes up to \"high\" with this provider");
  } else if (effort.thinking != nullptr) {
    body["think"] = true;
  }
}

void write_options(const Conversation& conversation, Json& body) {
  auto options = Json::object();
  const auto set = [&options](const char* name, const Setting& setting) {
    if (setting) options[name] = *setting.value;
  };
  set("temperature", conversation.temperature);
  set("top_p", conversation.top_p);
  set("top_k", conversation.top_k);
  set("seed", conversation.seed);
  set("frequency_penalty", conversation.frequency_penalty);
  set("presence_penalty", conversation.presence_penalty);
  if (conversation.max_tokens) options["num_predict"] = *conversation.max_tokens;
  if (!conversation.stop.empty()) options["stop"] = conversation.stop;
  if (!options.empty()) body["options"] = std::move(options);
}

}  // namespace

Json write_ollama(const Conversation& conversation, const Upstream& upstream, bool stream, Findings& findings) {
  Json body = {{"model", upstream.model}, {"messages", write_turns(conversation, findings)}};
  write_tools(conversation, body, findings);
  write_think(conversation.effort, body, findings);
  if (conversation.format.kind == OutputFormat::Kind::json_object) body["format"] = "json";
  if (conversation.format.kind == OutputFormat::Kind::json_schema && conversation.format.schema != nullptr) {
    body["format"] = *conversation.format.schema;
  }
  write_options(conversation, body);
  if (conversation.user) findings.leave_out(conversation.user.field);
  refuse_settings({&conversation.metadata}, not_there, findings);
  only_texts(conversation.verbosity, {"medium"}, not_there, findings);
  only_texts(conversation.service_tier, {"auto", "default"}, not_there, findings);
  leave_out_cache_marks(conversation, findings);
  body["stream"] = stream;  // left out, it would be true
  return body;
}

}  // namespace runagents::llm
