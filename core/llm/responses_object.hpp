#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"
#include "core/llm/translate.hpp"
#include "core/llm/whole_answer.hpp"

namespace runagents::llm {

/// The Response object of OpenAI's Responses (platform.openai.com/docs/api-reference/responses/object), made for one
/// answer. Output items are made here, too, so that a stream and its last event agree.
class ResponseObject {
 public:
  ResponseObject(const AnswerPlan& plan, std::int64_t created) : plan_{plan}, created_{created} {}

  void start(std::string_view id, std::string_view model);

  /// "msg_ID_0": of an item, by its prefix and place in the output.
  [[nodiscard]] std::string item_id(std::string_view prefix, std::size_t index) const;
  [[nodiscard]] Json message_item(std::size_t index, Json content, std::string_view status) const;
  [[nodiscard]] Json call_item(std::size_t index, const AnswerBlock& call, std::string_view status) const;
  [[nodiscard]] Json reasoning_item(std::size_t index, const AnswerBlock& reasoning) const;
  [[nodiscard]] static Json text_part(std::string_view text);
  [[nodiscard]] static Json refusal_part(std::string_view text);

  /// While it is being made: status "in_progress", no output.
  [[nodiscard]] Json unfinished() const;
  [[nodiscard]] Json finished(Json output, const Ending& ending) const;
  [[nodiscard]] Json failed(Json output, const Problem& problem) const;

 private:
  [[nodiscard]] Json object(std::string_view status, Json output) const;

  const AnswerPlan& plan_;
  std::int64_t created_;
  std::string id_;
  std::string model_;
};

}  // namespace runagents::llm
