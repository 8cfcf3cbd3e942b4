#include "core/llm/responses_object.hpp"

#include <array>
#include <utility>

#include "core/llm/sealed_reasoning.hpp"
#include "core/llm/usage_json.hpp"

namespace runagents::llm {
namespace {

struct Echo {
  const char* name;
  const char* otherwise;  ///< JSON, where the request says nothing
};

// What the object repeats of the request.
constexpr std::array echoes = {
    Echo{"background", "false"},
    Echo{"instructions", "null"},
    Echo{"max_output_tokens", "null"},
    Echo{"max_tool_calls", "null"},
    Echo{"metadata", "{}"},
    Echo{"parallel_tool_calls", "true"},
    Echo{"previous_response_id", "null"},
    Echo{"prompt_cache_key", "null"},
    Echo{"reasoning", R"({"effort":null,"summary":null})"},
    Echo{"safety_identifier", "null"},
    Echo{"service_tier", R"("default")"},
    Echo{"temperature", "1.0"},
    Echo{"text", R"({"format":{"type":"text"}})"},
    Echo{"tool_choice", R"("auto")"},
    Echo{"tools", "[]"},
    Echo{"top_logprobs", "0"},
    Echo{"top_p", "1.0"},
    Echo{"truncation", R"("disabled")"},
    Echo{"user", "null"},
};

std::string_view error_code(const Problem& problem) {
  if (problem.status == 429) return "rate_limit_exceeded";
  return problem.status < 500 ? "invalid_prompt" : "server_error";
}

}  // namespace

void ResponseObject::start(std::string_view id, std::string_view model) {
  id_ = id;
  model_ = model;
}

std::string ResponseObject::item_id(std::string_view prefix, std::size_t index) const {
  return std::string{prefix}.append(id_).append("_").append(std::to_string(index));
}

Json ResponseObject::text_part(std::string_view text) {
  return {{"type", "output_text"}, {"annotations", Json::array()}, {"logprobs", Json::array()}, {"text", text}};
}

Json ResponseObject::refusal_part(std::string_view text) { return {{"type", "refusal"}, {"refusal", text}}; }

Json ResponseObject::message_item(std::size_t index, Json content, std::string_view status) const {
  return {{"id", item_id("msg_", index)},
          {"type", "message"},
          {"status", status},
          {"role", "assistant"},
          {"content", std::move(content)}};
}

Json ResponseObject::call_item(std::size_t index, const AnswerBlock& call, std::string_view status) const {
  return {{"id", item_id("fc_", index)}, {"type", "function_call"}, {"status", status},
          {"arguments", call.text},      {"call_id", call.id},      {"name", call.name}};
}

Json ResponseObject::reasoning_item(std::size_t index, const AnswerBlock& reasoning) const {
  auto summary = Json::array();
  if (!reasoning.text.empty()) summary.push_back({{"type", "summary_text"}, {"text", reasoning.text}});
  Json item = {{"id", item_id("rs_", index)}, {"type", "reasoning"}, {"summary", std::move(summary)}};
  const bool is_sealed = !reasoning.signature.empty() || !reasoning.redacted.empty();
  if (plan_.encrypted_reasoning && is_sealed) {
    item["encrypted_content"] =
        seal_reasoning({.text = {}, .signature = reasoning.signature, .redacted = reasoning.redacted});
  }
  return item;
}

Json ResponseObject::object(std::string_view status, Json output) const {
  Json object = {{"id", prefixed_id("resp_", id_)},
                 {"object", "response"},
                 {"created_at", created_},
                 {"status", status},
                 {"error", nullptr},
                 {"incomplete_details", nullptr},
                 {"model", model_},
                 {"output", std::move(output)},
                 {"store", false},
                 {"usage", nullptr}};
  for (const auto& echo : echoes) {
    const Json* value = nullptr;
    if (plan_.echo != nullptr) {
      const auto found = plan_.echo->find(echo.name);
      if (found != plan_.echo->end() && !found->is_null()) value = &*found;
    }
    object[echo.name] = value != nullptr ? *value : Json::parse(echo.otherwise);
  }
  return object;
}

Json ResponseObject::unfinished() const { return object("in_progress", Json::array()); }

Json ResponseObject::finished(Json output, const Ending& ending) const {
  const bool is_cut = ending.stop == Stop::length || ending.stop == Stop::content_filter;
  auto whole = object(is_cut ? "incomplete" : "completed", std::move(output));
  if (is_cut) {
    const auto* reason = ending.stop == Stop::length ? "max_output_tokens" : "content_filter";
    whole["incomplete_details"] = {{"reason", reason}};
  }
  if (ending.usage.is_known) whole["usage"] = write_usage(Api::openai_responses, ending.usage);
  return whole;
}

Json ResponseObject::failed(Json output, const Problem& problem) const {
  auto whole = object("failed", std::move(output));
  whole["error"] = {{"code", error_code(problem)}, {"message", problem.message}};
  return whole;
}

std::string responses_body(const WholeAnswer& answer, const AnswerPlan& plan, std::int64_t created) {
  using enum AnswerBlock::Kind;
  ResponseObject object{plan, created};
  object.start(answer.id, answer.model);
  auto output = Json::array();
  bool in_message = false;
  for (const auto& block : answer.blocks) {
    const bool is_said = block.kind == text || block.kind == refusal;
    if (is_said && !in_message) output.push_back(object.message_item(output.size(), Json::array(), "completed"));
    in_message = is_said;
    if (block.kind == text) {
      output.back()["content"].push_back(ResponseObject::text_part(block.text));
    } else if (block.kind == refusal) {
      output.back()["content"].push_back(ResponseObject::refusal_part(block.text));
    } else if (block.kind == reasoning) {
      output.push_back(object.reasoning_item(output.size(), block));
    } else {
      output.push_back(object.call_item(output.size(), block, "completed"));
    }
  }
  return dump(object.finished(std::move(output), answer.ending));
}

}  // namespace runagents::llm
