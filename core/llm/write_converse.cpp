#include <algorithm>
#include <array>
#include <utility>

#include "core/auth/base64.hpp"
#include "core/llm/writing.hpp"

// Bedrock's Converse and ConverseStream, which take the same body
// (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).

namespace runagents::llm {
namespace {

constexpr std::string_view not_there = "is not there for this provider";

struct Format {
  std::string_view media_type;
  std::string_view word;
};

constexpr std::array image_formats = {Format{"image/png", "png"}, Format{"image/jpeg", "jpeg"},
                                      Format{"image/gif", "gif"}, Format{"image/webp", "webp"}};
constexpr std::array document_formats = {
    Format{"application/pdf", "pdf"},
    Format{"text/plain", "txt"},
    Format{"text/markdown", "md"},
    Format{"text/html", "html"},
    Format{"text/csv", "csv"},
    Format{"application/msword", "doc"},
    Format{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    Format{"application/vnd.ms-excel", "xls"},
    Format{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
};

template <class Formats>
std::string_view format_of(const Formats& formats, std::string_view media_type, const std::string& field,
                           Findings& findings) {
  const auto* found = std::ranges::find(formats, media_type, &Format::media_type);
  if (found != formats.end()) return found->word;
  findings.refuse_unsupported(field, "is of a media type that this provider does not take");
  return {};
}

bool is_claude(std::string_view model) { return model.contains("anthropic"); }

/// Names of documents are for the model, and may have few signs; two must not be alike.
std::string document_name(std::string_view title, std::size_t number) {
  std::string name{title.empty() ? std::string_view{"document"} : title.substr(0, 150)};
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '(' || c == ')' || c == '[' || c == ']';
    if (!fits) c = '-';
  }
  return number == 0 ? name : name + '-' + std::to_string(number + 1);
}

class Writer {
 public:
  explicit Writer(Findings& findings) : findings_{findings} {}

  Json block(const Part& part) {
    field_ = &part.field;
    return std::visit([this](const auto& value) { return write(value); }, part.value);
  }

 private:
  Json write(const Text& text) { return {{"text", text.text}}; }
  Json write(const Refusal& refusal) { return {{"text", refusal.text}}; }

  Json write(const Image& image) {
    if (!image.url.empty()) {
      findings_.refuse_unsupported(*field_, "must be a data URL: this provider fetches no images");
      return nullptr;
    }
    if (!image.detail.empty()) findings_.leave_out(*field_ + " (detail)");
    const auto format = format_of(image_formats, image.media_type, *field_, findings_);
    return {{"image", {{"format", format}, {"source", {{"bytes", image.data}}}}}};
  }

  Json write(const Document& document) {
    if (!document.url.empty()) {
      findings_.refuse_unsupported(*field_, "must be data: this provider fetches no files");
      return nullptr;
    }
    const auto format = format_of(document_formats, document.media_type, *field_, findings_);
    const auto bytes = document.text.empty() ? std::string{document.data} : auth::base64(document.text);
    return {
        {"document",
         {{"format", format}, {"name", document_name(document.title, documents_++)}, {"source", {{"bytes", bytes}}}}}};
  }

  Json write(const Reasoning& reasoning) {
    if (!reasoning.redacted.empty()) return {{"reasoningContent", {{"redactedContent", reasoning.redacted}}}};
    if (reasoning.signature.empty()) {
      findings_.leave_out(*field_);
      return nullptr;
    }
    return {{"reasoningContent", {{"reasoningText", {{"text", reasoning.text}, {"signature", reasoning.signature}}}}}};
  }

  Json write(const ToolCall& call) {
    return {{"toolUse",
             {{"toolUseId", call_id(call.id)},
              {"name", call.name},
              {"input", arguments_object(call, *field_, findings_)}}}};
  }

  Json write(const ToolResult& result) {
    auto content = Json::array();
    for (const auto& part : result.content) {
      auto written = block(part);
      if (!written.is_null()) content.push_back(std::move(written));
    }
    Json written = {{"toolUseId", call_id(result.call_id)}, {"content", std::move(content)}};
    if (result.is_error) written["status"] = "error";
    return {{"toolResult", std::move(written)}};
  }

  Findings& findings_;
  const std::string* field_ = nullptr;
  std::size_t documents_ = 0;
};

Json cache_point(const Json& control) {
  Json point = {{"type", "default"}};
  if (const auto ttl = control.find("ttl"); ttl != control.end()) point["ttl"] = *ttl;
  return {{"cachePoint", std::move(point)}};
}

bool is_blank(const Part& part) {
  const auto* text = std::get_if<Text>(&part.value);
  return text != nullptr && text->text.empty();
}

bool write_turns(const Conversation& conversation, Json& body, Findings& findings) {
  Writer writer{findings};
  auto system = Json::array();
  auto messages = Json::array();
  bool has_calls = false;
  for (const auto& turn : conversation.turns) {
    const auto* role = turn.role == Role::assistant ? "assistant" : turn.role == Role::system ? "system" : "user";
    const bool is_first_system = turn.role == Role::system && messages.empty();
    // Turns must alternate.
    if (!is_first_system && (messages.empty() || messages.back()["role"] != role)) {
      messages.push_back({{"role", role}, {"content", Json::array()}});
    }
    auto& blocks = is_first_system ? system : messages.back()["content"];
    for (const auto& part : turn.parts) {
      if (is_blank(part)) continue;  // refused by Bedrock
      if (turn.role == Role::system && !std::holds_alternative<Text>(part.value)) {
        findings.refuse_unsupported(part.field, "must be text");
      }
      has_calls =
          has_calls || std::holds_alternative<ToolCall>(part.value) || std::holds_alternative<ToolResult>(part.value);
      auto block = writer.block(part);
      if (!block.is_null()) blocks.push_back(std::move(block));
      if (part.cache_control != nullptr) blocks.push_back(cache_point(*part.cache_control));
    }
    if (!is_first_system && messages.back()["content"].empty() && turn.role != Role::user) {
      messages.erase(messages.size() - 1);
    }
  }
  if (!system.empty()) body["system"] = std::move(system);
  body["messages"] = std::move(messages);
  return has_calls;
}

void write_tools(const Conversation& conversation, bool has_calls, Json& body, Findings& findings) {
  const auto& choice = conversation.tool_choice;
  if (!choice.parallel.value_or(true) && !conversation.tools.empty()) {
    findings.refuse_unsupported(choice.parallel_field, "cannot be turned off with this provider");
  }
  const bool wants_none = choice.kind == ToolChoice::Kind::none;
  if (conversation.tools.empty() || wants_none) {
    // Bedrock wants the tools of every call that the conversation shows, and offers them.
    if (has_calls && wants_none && !conversation.tools.empty()) {
      findings.refuse_unsupported(choice.field, "cannot be \"none\" with this provider once tools were called");
    } else if (has_calls) {
      findings.refuse_unsupported("tools", "must be there with this provider once tools were called");
    }
    return;
  }
  auto tools = Json::array();
  for (const auto& tool : conversation.tools) {
    Json written = {{"name", tool.name}};
    if (!tool.description.empty()) written["description"] = tool.description;
    written["inputSchema"] = {{"json", schema_of(tool)}};
    if (tool.strict.value_or(false)) written["strict"] = true;
    tools.push_back({{"toolSpec", std::move(written)}});
    if (tool.cache_control != nullptr) tools.push_back(cache_point(*tool.cache_control));
  }
  Json config = {{"tools", std::move(tools)}};
  if (choice.kind == ToolChoice::Kind::required) config["toolChoice"] = {{"any", Json::object()}};
  if (choice.kind == ToolChoice::Kind::named) config["toolChoice"] = {{"tool", {{"name", choice.name}}}};
  body["toolConfig"] = std::move(config);
}

void write_settings(const Conversation& conversation, Json& body, Findings& findings) {
  check_temperature(conversation, findings);
  auto config = Json::object();
  if (conversation.max_tokens) config["maxTokens"] = *conversation.max_tokens;
  if (conversation.temperature) config["temperature"] = *conversation.temperature.value;
  if (conversation.top_p) config["topP"] = *conversation.top_p.value;
  if (!conversation.stop.empty()) config["stopSequences"] = conversation.stop;
  if (!config.empty()) body["inferenceConfig"] = std::move(config);
  if (conversation.metadata && !conversation.metadata.value->empty()) {
    body["requestMetadata"] = *conversation.metadata.value;
  }
  if (conversation.user) findings.leave_out(conversation.user.field);
  refuse_settings({&conversation.seed, &conversation.frequency_penalty, &conversation.presence_penalty}, not_there,
                  findings);
  only_texts(conversation.verbosity, {"medium"}, not_there, findings);
  only_texts(conversation.service_tier, {"auto", "default", "flex", "priority"}, not_there, findings);
  if (conversation.service_tier &&
      (*conversation.service_tier.value == "flex" || *conversation.service_tier.value == "priority")) {
    body["serviceTier"] = {{"type", *conversation.service_tier.value}};
  }
}

/// What only some models have goes to them unread.
void write_model_fields(const Conversation& conversation, const Upstream& upstream, Json& body, Findings& findings) {
  auto fields = Json::object();
  const auto& effort = conversation.effort;
  if (is_claude(upstream.model)) {
    const auto max_tokens = conversation.max_tokens.value_or(default_max_tokens(upstream.model));
    fields = claude_thinking(effort, upstream.model, max_tokens, findings);
    if (conversation.top_k) fields["top_k"] = *conversation.top_k.value;
  } else {
    const bool thinks = !effort.is_disabled && (effort.thinking != nullptr || !effort.level.empty());
    if (thinks && upstream.model.contains("openai.") && !effort.level.empty()) {
      fields["reasoning_effort"] = effort.level;
    } else if (thinks && effort.level != "none") {
      findings.refuse_unsupported(effort.field, "is not there for this model");
    }
    refuse_settings({&conversation.top_k}, "is not there for this model", findings);
  }
  if (!fields.empty()) body["additionalModelRequestFields"] = std::move(fields);
}

void write_output(const OutputFormat& format, Json& body, Findings& findings) {
  if (format.kind == OutputFormat::Kind::json_object) {
    findings.refuse_unsupported(format.field, "must be a JSON schema for this provider");
  }
  if (format.kind != OutputFormat::Kind::json_schema || format.schema == nullptr) return;
  Json schema = {{"schema", closed_schema(*format.schema).dump()}, {"name", format.name}};
  if (!format.description.empty()) schema["description"] = format.description;
  body["outputConfig"]["textFormat"] = {{"type", "json_schema"}, {"structure", {{"jsonSchema", std::move(schema)}}}};
}

}  // namespace

Json write_converse(const Conversation& conversation, const Upstream& upstream, Findings& findings) {
  auto body = Json::object();
  const bool has_calls = write_turns(conversation, body, findings);
  write_tools(conversation, has_calls, body, findings);
  write_settings(conversation, body, findings);
  write_model_fields(conversation, upstream, body, findings);
  write_output(conversation.format, body, findings);
  return body;
}

}  // namespace runagents::llm
