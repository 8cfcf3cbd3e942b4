#include "cli/policies/recorded_call.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/api/client.hpp"

namespace runagents::cli {
namespace {

using enum model::RefusalCode;
using api::text_of;
using json = nlohmann::ordered_json;

std::int64_t number(const json& event, const char* name) {
  const auto found = event.find(name);
  return found != event.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

void add_words(std::vector<std::string>& words, std::string_view joined) {
  while (!joined.empty()) {
    const auto comma = joined.find(',');
    const std::string word{joined.substr(0, comma)};
    if (!word.empty() && std::ranges::find(words, word) == words.end()) words.push_back(word);
    joined = comma == std::string_view::npos ? std::string_view{} : joined.substr(comma + 1);
  }
}

}  // namespace

std::vector<std::string> RecordedCall::operations() const {
  if (is_of_model) return {model};
  if (mcp_method.empty()) return {method};
  std::vector<std::string> methods;
  add_words(methods, mcp_method);
  std::vector<std::string> names;
  for (const auto& one : methods) {
    if (one == "tools/call") {
      add_words(names, capability);
    } else {
      add_words(names, one);
    }
  }
  return names;
}

std::string RecordedCall::place() const { return url.substr(0, url.find('?')); }

std::optional<model::RefusalCode> RecordedCall::judgement() const {
  const auto said = model::refusal_code(would_code.empty() ? code : would_code);
  const auto stage = said ? model::traits(*said).stage : std::string_view{};
  const bool is_theirs = said == policy_denied || said == capability_not_declared || said == tool_not_registered;
  if (is_theirs) return said;
  const bool was_held = stage == "approval" || decision == "approved" || !approval_id.empty();
  return was_held ? std::optional{approval_required} : std::nullopt;
}

bool RecordedCall::was_judged() const {
  if (!would_code.empty()) return true;
  const auto said = model::refusal_code(code);
  if (!said) return true;
  constexpr std::array<std::string_view, 5> before = {"parse", "agent", "identity", "provider", "internal"};
  return said != interception_unavailable && std::ranges::find(before, model::traits(*said).stage) == before.end();
}

std::optional<RecordedCall> recorded_call(const std::string& line) {
  const auto event = json::parse(line, nullptr, false);
  if (!event.is_object()) return std::nullopt;
  const auto type = text_of(event, "type");
  if (type != "TOOL_CALLED" && type != "MODEL_CALLED") return std::nullopt;
  return RecordedCall{.seq = static_cast<std::uint64_t>(number(event, "seq")),
                      .is_of_model = type == "MODEL_CALLED",
                      .door = text_of(event, "door"),
                      .tool = text_of(event, "tool"),
                      .capability = text_of(event, "capability"),
                      .method = text_of(event, "method"),
                      .mcp_method = text_of(event, "mcp_method"),
                      .model = text_of(event, "model"),
                      .url = text_of(event, "url"),
                      .decision = text_of(event, "decision"),
                      .code = text_of(event, "code"),
                      .would_code = text_of(event, "would_code"),
                      .policy = text_of(event, "policy"),
                      .end_user = text_of(event, "end_user"),
                      .approval_id = text_of(event, "approval_id"),
                      .rule = static_cast<std::uint32_t>(number(event, "rule")),
                      .status = static_cast<int>(number(event, "status"))};
}

}  // namespace runagents::cli
