#include "core/llm/reading.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace runagents::llm {
namespace {

struct DataUrl {
  std::string_view media_type;
  std::string_view data;
};

std::optional<DataUrl> parse_data_url(std::string_view url) {
  constexpr std::string_view scheme = "data:";
  constexpr std::string_view marker = ";base64,";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  const auto end = url.find(',');
  const auto split = end == url.npos ? url.npos : url.substr(0, end + 1).rfind(marker);
  if (split == url.npos) return std::nullopt;
  // Parameters of the media type are nothing that a provider is told.
  const auto media_type = url.substr(0, std::min(split, url.find(';')));
  return DataUrl{media_type, url.substr(split + marker.size())};
}

}  // namespace

Image image_of_url(std::string_view url, const std::string& field, Findings& findings) {
  if (const auto data = parse_data_url(url)) {
    return {.media_type = data->media_type, .data = data->data, .url = {}, .detail = {}};
  }
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    findings.refuse_invalid(field, "must be an http, https or base64 data URL");
  }
  return {.media_type = {}, .data = {}, .url = url, .detail = {}};
}

Document document_of_data_url(std::string_view url, std::string_view title, const std::string& field,
                              Findings& findings) {
  const auto data = parse_data_url(url);
  if (!data) {
    findings.refuse_invalid(field, "must be a base64 data URL");
    return {};
  }
  return {.media_type = data->media_type, .data = data->data, .text = {}, .url = {}, .title = title};
}

std::vector<std::string_view> texts(const Json& value, const std::string& field, Findings& findings) {
  if (value.is_string()) return {value.get_ref<const std::string&>()};
  std::vector<std::string_view> found;
  if (!value.is_array()) {
    findings.refuse_invalid(field, "must be a string or a list of strings");
    return found;
  }
  for (const auto& item : value) {
    if (item.is_string()) {
      found.emplace_back(item.get_ref<const std::string&>());
    } else {
      findings.refuse_invalid(element(field, found.size()), "must be a string");
    }
  }
  return found;
}

void read_openai_members(Members& body, Conversation& conversation) {
  body.hints({"prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"});
  conversation.temperature = body.number("temperature");
  conversation.top_p = body.number("top_p");
  conversation.service_tier = body.setting("service_tier");
  conversation.user = body.setting("safety_identifier");
  if (auto user = body.setting("user"); user) {
    if (!conversation.user) {
      conversation.user = std::move(user);
    } else if (*user.value != *conversation.user.value) {
      body.findings().leave_out(user.field);
    }
  }
  if (conversation.user && !conversation.user.value->is_string()) {
    body.findings().refuse_invalid(conversation.user.field, "must be a string");
  }
  conversation.metadata = body.setting("metadata");
  if (conversation.metadata && !conversation.metadata.value->is_object()) {
    body.findings().refuse_invalid(conversation.metadata.field, "must be an object");
  }
  if (const auto parallel = body.flag("parallel_tool_calls")) {
    conversation.tool_choice.parallel = parallel;
    conversation.tool_choice.parallel_field = body.path("parallel_tool_calls");
  }
  body.refuse_unless_empty({"top_logprobs"}, "is not there for this provider");
  body.refuse_unless_empty({"moderation"}, "is a service of OpenAI");
}

bool read_choice_word(std::string_view word, ToolChoice& choice) {
  using enum ToolChoice::Kind;
  if (word == "auto") {
    choice.kind = automatic;
  } else if (word == "none") {
    choice.kind = none;
  } else if (word == "required") {
    choice.kind = required;
  } else {
    return false;
  }
  return true;
}

void keep_allowed(const Json& allowed, const std::string& field, Conversation& conversation, Findings& findings) {
  Members members{allowed, field, findings};
  if (const auto mode = members.text("mode"); mode && !read_choice_word(*mode, conversation.tool_choice)) {
    findings.refuse_invalid(members.path("mode"), "must be \"auto\" or \"required\"");
  }
  std::vector<std::string_view> names;
  if (const auto* list = members.list("tools")) {
    for (const auto& item : *list) {
      Members tool{item, element(members.path("tools"), names.size()), findings};
      tool.only("type", {"function"}, "is no function");
      const auto* function = tool.object("function");
      if (function == nullptr) {
        names.push_back(tool.required_text("name"));
        continue;
      }
      names.push_back(Members{*function, tool.path("function"), findings}.required_text("name"));
    }
  }
  std::erase_if(conversation.tools,
                [&names](const ToolDefinition& tool) { return std::ranges::find(names, tool.name) == names.end(); });
}

void append_result(std::vector<Turn>& turns, Part result) {
  const bool follows = !turns.empty() && turns.back().role == Role::user && !turns.back().parts.empty() &&
                       std::holds_alternative<ToolResult>(turns.back().parts.back().value);
  if (!follows) turns.push_back({.role = Role::user, .parts = {}, .field = result.field});
  turns.back().parts.push_back(std::move(result));
}

}  // namespace runagents::llm
