#pragma once

#include <cstdint>
#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Writes a stream of OpenAI's Chat Completions (platform.openai.com/docs/api-reference/chat-streaming) to `out`.
class ChatStream final : public AnswerSink {
 public:
  /// With `wants_usage`, the last chunk tells it.
  ChatStream(std::string& out, std::int64_t created, bool wants_usage)
      : out_{out}, created_{created}, wants_usage_{wants_usage} {}

  void start(std::string_view id, std::string_view model) override;
  void text(std::string_view piece) override { delta({{"content", piece}}); }
  void refusal(std::string_view piece) override { delta({{"refusal", piece}}); }
  /// `reasoning_content` is not OpenAI's, but what compatible servers and clients use.
  void reasoning(std::string_view piece) override { delta({{"reasoning_content", piece}}); }
  void signature(std::string_view /*signature*/) override {}
  void redacted(std::string_view /*data*/) override {}
  void call(std::string_view id, std::string_view name) override;
  void arguments(std::string_view piece) override;
  void end(const Ending& ending) override;
  void fail(const Problem& problem) override;

 private:
  void delta(const Json& delta);
  void chunk(std::string_view choices, std::string_view usage);

  std::string& out_;
  std::int64_t created_;
  bool wants_usage_;
  std::string head_;  ///< of every chunk
  std::size_t calls_ = 0;
};

}  // namespace runagents::llm
