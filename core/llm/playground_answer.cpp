#include "core/llm/playground_answer.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/ascii.hpp"
#include "core/llm/schema_sample.hpp"
#include "core/llm/writing.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t bytes_per_token = 4;
constexpr std::size_t max_quoted_question = 400;
constexpr std::size_t max_quoted_result = 120;  ///< of what a tool returned: two lines of a terminal

std::string text_of(const std::vector<Part>& parts) {
  std::string joined;
  for (const auto& part : parts) {
    const auto* text = std::get_if<Text>(&part.value);
    if (text == nullptr) continue;
    if (!joined.empty()) joined += ' ';
    joined += text->text;
  }
  return joined;
}

/// At most `most` bytes of a text, whole characters.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80) --most;
  return text.substr(0, most);
}

std::string shortened(std::string_view text, std::size_t most = max_quoted_question) {
  const auto kept = cut(text, most);
  return kept.size() == text.size() ? std::string{text} : std::string{kept} + "...";
}

bool has_results(const Turn& turn) {
  return std::ranges::any_of(turn.parts,
                             [](const Part& part) { return std::holds_alternative<ToolResult>(part.value); });
}

/// The text of the last turn of a user that has one.
std::string question_of(const Conversation& conversation) {
  for (auto turn = conversation.turns.rbegin(); turn != conversation.turns.rend(); ++turn) {
    if (turn->role != Role::user) continue;
    auto text = text_of(turn->parts);
    if (!text.empty()) return text;
  }
  return {};
}

/// "get_weather", or "get weather".
bool mentions(const std::string& lowered_question, std::string_view tool) {
  auto name = lowered(tool);
  if (lowered_question.contains(name)) return true;
  std::ranges::replace_if(name, [](char c) { return c == '_' || c == '-'; }, ' ');
  return lowered_question.contains(name);
}

std::vector<const ToolDefinition*> chosen_tools(const Conversation& conversation, const std::string& question) {
  std::vector<const ToolDefinition*> offered;
  std::vector<const ToolDefinition*> chosen;
  const auto& choice = conversation.tool_choice;
  for (const auto& tool : conversation.tools) {
    if (!tool.name.empty()) offered.push_back(&tool);  // a provider's own kinds of tools have none
  }
  if (offered.empty() || choice.kind == ToolChoice::Kind::none) return chosen;
  const auto asked = lowered(question);
  for (const auto* tool : offered) {
    const bool is_named =
        choice.kind == ToolChoice::Kind::named ? tool->name == choice.name : mentions(asked, tool->name);
    if (is_named) chosen.push_back(tool);
  }
  if (chosen.empty()) chosen.push_back(offered.front());
  if (!choice.parallel.value_or(true) || choice.kind == ToolChoice::Kind::named) chosen.resize(1);
  return chosen;
}

std::string summary_of(const Conversation& conversation) {
  std::map<std::string_view, std::string_view> names;
  for (const auto& turn : conversation.turns) {
    for (const auto& part : turn.parts) {
      if (const auto* call = std::get_if<ToolCall>(&part.value)) names.insert_or_assign(call->id, call->name);
    }
  }
  std::string summary = "The tools have answered.";
  for (const auto& part : conversation.turns.back().parts) {
    const auto* result = std::get_if<ToolResult>(&part.value);
    if (result == nullptr) continue;
    const auto name = names.find(result->call_id);
    summary.append("\n- ").append(name == names.end() ? result->call_id : name->second);
    summary.append(result->is_error ? " failed: " : ": ")
        .append(shortened(text_of(result->content), max_quoted_result));
  }
  return summary;
}

std::string structured(const OutputFormat& format, const std::string& question) {
  if (format.kind == OutputFormat::Kind::json_object || format.schema == nullptr) {
    return dump({{"answer", shortened(question)}});
  }
  SampleHints hints{question};
  return dump(sample_of(*format.schema, hints));
}

std::string said(const Conversation& conversation, const std::string& question) {
  if (conversation.format.kind != OutputFormat::Kind::text) return structured(conversation.format, question);
  if (!conversation.turns.empty() && has_results(conversation.turns.back())) return summary_of(conversation);
  return "This is the playground, a model that answers offline. You said: " + shortened(question);
}

/// Ends the text where the request says.
Ending limit(std::string& text, const Conversation& conversation) {
  Ending ending;
  auto first = std::string::npos;
  for (const auto stop : conversation.stop) {
    const auto at = stop.empty() ? std::string::npos : text.find(stop);
    if (at >= first) continue;
    first = at;
    ending = {.stop = Stop::stop_sequence, .stop_sequence = std::string{stop}, .usage = {}};
  }
  if (first != std::string::npos) text.resize(first);
  const auto most = conversation.max_tokens.value_or(text.size());
  if (most < (text.size() + bytes_per_token - 1) / bytes_per_token) {
    text = cut(text, most * bytes_per_token);
    ending = {.stop = Stop::length, .stop_sequence = {}, .usage = {}};
  }
  return ending;
}

}  // namespace

void playground_says(const Conversation& conversation, WholeAnswer& answer) {
  const auto question = question_of(conversation);
  const bool is_answered = !conversation.turns.empty() && has_results(conversation.turns.back());
  SampleHints hints{question};
  if (!is_answered) {
    for (const auto* tool : chosen_tools(conversation, question)) {
      const auto number = std::to_string(answer.blocks.size() + 1);
      answer.call("call_" + number, tool->name);
      answer.arguments(dump(sample_of(schema_of(*tool), hints)));
    }
  }
  answer.ending.stop = Stop::tool_calls;
  if (answer.blocks.empty()) {
    auto text = said(conversation, question);
    answer.ending = limit(text, conversation);
    answer.text(text);
  }
}

}  // namespace runagents::llm
