#pragma once

#include "core/llm/answer_flow.hpp"
#include "core/llm/event_frame.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Reads frames of Bedrock's ConverseStream. Kinds of events that are not known are passed over.
class ConverseFrames {
 public:
  explicit ConverseFrames(AnswerFlow& flow) : flow_{flow} {}

  void frame(const EventFrame& frame);
  /// The stream ends with usage after the stop, and where that lacks, with the stop.
  void finish() { flow_.end(); }

 private:
  void event(std::string_view type, const Json& payload);

  AnswerFlow& flow_;
};

/// Bedrock's word for why a model stopped.
void read_converse_stop(std::string_view reason, AnswerFlow& flow);

}  // namespace runagents::llm
