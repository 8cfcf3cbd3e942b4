#pragma once

#include <cstddef>
#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"

namespace runagents::llm {

/// Writes a stream of Anthropic's Messages (platform.claude.com/docs/en/build-with-claude/streaming) to `out`. Most
/// providers tell the input's tokens last, so `message_start` says 0 and `message_delta` says them all.
class MessagesStream final : public AnswerSink {
 public:
  explicit MessagesStream(std::string& out) : out_{out} {}

  void start(std::string_view id, std::string_view model) override;
  void text(std::string_view piece) override;
  /// Anthropic's models refuse in their text, and say so in the stop reason.
  void refusal(std::string_view piece) override;
  void reasoning(std::string_view piece) override;
  void signature(std::string_view signature) override;
  void redacted(std::string_view data) override;
  void call(std::string_view id, std::string_view name) override;
  void arguments(std::string_view piece) override;
  void end(const Ending& ending) override;
  void fail(const Problem& problem) override;

 private:
  enum class Open { nothing, text, thinking, call };

  void event(std::string_view type, Json members);
  void open(Open kind, const Json& block);
  void close();
  void delta(const Json& delta);

  std::string& out_;
  Open open_ = Open::nothing;
  bool is_signed_ = false;  ///< the open thinking
  bool has_refusal_ = false;
  std::size_t blocks_ = 0;
};

}  // namespace runagents::llm
