#include "core/llm/native_answer.hpp"

#include <algorithm>
#include <utility>

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/json_view.hpp"
#include "core/llm/usage_json.hpp"
#include "core/mcp/raw_json.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t max_usage_bytes = 16U << 10U;

/// A member of a member; a name without a dot is a member.
std::string_view raw(std::string_view object, std::string_view outer, std::string_view inner) {
  const auto first = mcp::raw_member(object, outer);
  if (!first || inner.empty()) return first.value_or("");
  return mcp::raw_member(*first, inner).value_or("");
}

void read(Api provider, std::string_view json, Usage& usage) {
  if (!json.starts_with('{')) return;
  const auto object = auth::read_strict_ordered_json(json, {.max_depth = max_answer_depth});
  if (object) read_usage(provider, *object, usage);
}

/// `"finish_reason":"..."` of a choice. Inside of a text the quotes would be escaped.
bool has_finish_reason(std::string_view data) {
  constexpr std::string_view name = R"("finish_reason")";
  for (auto at = data.find(name); at != data.npos; at = data.find(name, at + 1)) {
    const auto value = data.find_first_not_of(" \t:", at + name.size());
    if (value != data.npos && data[value] == '"') return true;
  }
  return false;
}

bool ends(Api api, const mcp::ServerEvent& event) {
  const auto is = [&event](std::string_view type) {
    return event.type == type || (event.type.empty() && raw(event.data, "type", {}) == '"' + std::string{type} + '"');
  };
  switch (api) {
    case Api::anthropic_messages:
      return is("message_stop");
    case Api::openai_responses:
      return is("response.completed") || is("response.incomplete") || is("response.failed");
    default:
      return event.data == "[DONE]" || has_finish_reason(event.data);
  }
}

}  // namespace

NativeStream::NativeStream(const AnswerPlan& plan, std::size_t max_event_bytes)
    : plan_{plan}, events_{max_event_bytes} {}

void NativeStream::look_for_error(const mcp::ServerEvent& event) {
  const bool may_have = event.type == "error" || event.data.contains(R"("error")");
  if (!may_have || problem_) return;
  const auto json = auth::read_strict_ordered_json(event.data, {.max_depth = max_answer_depth});
  if (!json) return;
  const auto* error = find(*json, "error");
  if (error == nullptr && event.type != "error" && find_text(*json, "type") != "error") return;
  problem_ = error_in_answer(error == nullptr ? *json : *error);
  has_end_ = true;
}

bool NativeStream::look_for_usage(std::string_view data) {
  if (!data.contains(R"("usage")")) return true;
  if (plan_.provider == Api::anthropic_messages) {
    read(plan_.provider, raw(data, "message", "usage"), usage_);
    read(plan_.provider, raw(data, "usage", {}), usage_);
    return true;
  }
  if (plan_.provider == Api::openai_responses) {
    read(plan_.provider, raw(data, "response", "usage"), usage_);
    return true;
  }
  const auto told = raw(data, "usage", {});
  read(plan_.provider, told, usage_);
  const bool is_only_usage = told.starts_with('{') && mcp::raw_elements(raw(data, "choices", {})).empty();
  return !(plan_.usage_added && is_only_usage);
}

bool NativeStream::look_at(const mcp::ServerEvent& event) {
  if (!event.has_data) return true;
  look_for_error(event);
  if (!has_end_ && ends(plan_.provider, event)) has_end_ = true;
  return look_for_usage(event.data);
}

void NativeStream::feed(std::string_view bytes, std::string& out) {
  if (is_done_) return;
  read_.clear();
  const bool fits = events_.feed(bytes, read_);
  for (const auto& event : read_) {
    if (look_at(event)) out.append(event.raw);
  }
  if (!fits) {
    fail({.status = 502,
          .message = "the provider's answer has an event that is too large",
          .code = "upstream_protocol",
          .field = {}},
         out);
  }
}

void NativeStream::finish(std::string& out) {
  if (is_done_) return;
  if (has_end_) {
    is_done_ = true;
    // The second half of the last line's end.
    if (events_.rest() == "\n") out.append("\n");
    return;
  }
  fail({.status = 502, .message = "the provider's answer ended early", .code = "upstream_protocol", .field = {}}, out);
}

void NativeStream::fail(const Problem& problem, std::string& out) {
  if (std::exchange(is_done_, true)) return;
  problem_ = problem;
  out.append(problem_event(plan_.caller, problem));
}

NativeBody::NativeBody(Api provider) : provider_{provider}, tap_{"usage", max_usage_bytes} {}

Usage NativeBody::usage() const {
  Usage usage;
  read(provider_, tap_.value(), usage);
  return usage;
}

}  // namespace runagents::llm
