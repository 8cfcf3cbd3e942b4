#pragma once

#include <string_view>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Reads lines of a stream of Ollama's /api/chat: each is an object, the last one says `done`.
class OllamaLines {
 public:
  explicit OllamaLines(AnswerFlow& flow) : flow_{flow} {}

  void line(std::string_view data);
  void finish() { flow_.end(); }

 private:
  AnswerFlow& flow_;
};

}  // namespace runagents::llm
