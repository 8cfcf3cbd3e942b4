#include "core/llm/writing.hpp"

#include <algorithm>

#include "core/auth/hash.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::llm {
namespace {

/// OpenAI's limit; Anthropic and Bedrock take more.
constexpr std::size_t max_id_size = 40;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

void close(Json& schema) {
  if (!schema.is_structured()) return;
  for (auto& member : schema) close(member);
  if (schema.is_object() && schema.contains("properties") && !schema.contains("additionalProperties")) {
    schema["additionalProperties"] = false;
  }
}

}  // namespace

Json arguments_object(const ToolCall& call, const std::string& field, Findings& findings) {
  if (call.arguments != nullptr) return *call.arguments;
  if (call.arguments_text.empty()) return Json::object();
  auto read = auth::read_strict_ordered_json(call.arguments_text, {.max_depth = max_request_depth});
  if (read) return *std::move(read);
  findings.refuse_invalid(field, read.error());
  return Json::object();
}

std::string arguments_text(const ToolCall& call) {
  if (call.arguments != nullptr) return call.arguments->dump();
  return call.arguments_text.empty() ? "{}" : std::string{call.arguments_text};
}

std::string call_id(std::string_view id) {
  if (!id.empty() && id.size() <= max_id_size && std::ranges::all_of(id, is_id_character)) return std::string{id};
  return "call_" + auth::hex(auth::sha256(id)).substr(0, 32);
}

Json schema_of(const ToolDefinition& tool) {
  if (tool.schema != nullptr && !tool.schema->empty()) return *tool.schema;
  return {{"type", "object"}, {"properties", Json::object()}};
}

Json closed_schema(const Json& schema) {
  auto closed = schema;
  close(closed);
  return closed;
}

std::string joined_text(const std::vector<Part>& parts, Findings& findings) {
  std::string joined;
  for (const auto& part : parts) {
    const auto* text = std::get_if<Text>(&part.value);
    if (text == nullptr) {
      findings.refuse_unsupported(part.field, "can only be text for this provider");
      continue;
    }
    if (!joined.empty()) joined += '\n';
    joined += text->text;
  }
  return joined;
}

void refuse_settings(std::initializer_list<const Setting*> settings, std::string_view why, Findings& findings) {
  for (const auto* setting : settings) {
    if (!*setting) continue;
    const auto& value = *setting->value;
    if (value.is_number() && value.get<double>() == 0) continue;
    if (value.is_structured() && value.empty()) continue;
    findings.refuse_unsupported(setting->field, why);
  }
}

void check_temperature(const Conversation& conversation, Findings& findings) {
  const auto& temperature = conversation.temperature;
  if (temperature && temperature.value->get<double>() > 1) {
    findings.refuse_unsupported(temperature.field, "goes up to 1 with this provider");
  }
}

void only_texts(const Setting& setting, std::initializer_list<std::string_view> allowed, std::string_view why,
                Findings& findings) {
  if (!setting) return;
  const auto* text = setting.value->get_ptr<const std::string*>();
  if (text == nullptr || std::ranges::find(allowed, std::string_view{*text}) == allowed.end()) {
    findings.refuse_unsupported(setting.field, why);
  }
}

void leave_out_cache_marks(const Conversation& conversation, Findings& findings) {
  for (const auto& turn : conversation.turns) {
    for (const auto& part : turn.parts) {
      if (part.cache_control != nullptr) findings.leave_out(part.field + ".cache_control");
    }
  }
  for (const auto& tool : conversation.tools) {
    if (tool.cache_control != nullptr) findings.leave_out(tool.field + ".cache_control");
  }
}

}  // namespace runagents::llm
