#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/llm/answer_flow.hpp"
#include "core/llm/responses_object.hpp"

namespace runagents::llm {

/// Writes a stream of OpenAI's Responses (platform.openai.com/docs/api-reference/responses-streaming) to `out`. Keeps
/// the whole answer, because the stream's last event repeats it.
class ResponsesStream final : public AnswerSink {
 public:
  /// `plan` must outlive this. More than `max_kept_bytes` of text and arguments are a failure.
  ResponsesStream(std::string& out, const AnswerPlan& plan, std::int64_t created, std::size_t max_kept_bytes)
      : out_{out}, object_{plan, created}, max_kept_bytes_{max_kept_bytes} {}

  void start(std::string_view id, std::string_view model) override;
  void text(std::string_view piece) override { said(Open::text, piece); }
  void refusal(std::string_view piece) override { said(Open::refusal, piece); }
  void reasoning(std::string_view piece) override;
  void signature(std::string_view signature) override;
  void redacted(std::string_view data) override;
  void call(std::string_view id, std::string_view name) override;
  void arguments(std::string_view piece) override;
  void end(const Ending& ending) override;
  void fail(const Problem& problem) override;

  [[nodiscard]] bool is_full() const noexcept override { return is_too_large_; }

 private:
  enum class Open { nothing, text, refusal, reasoning, call };

  /// Numbers an event and writes it.
  void event(std::string_view type, Json members);
  void said(Open kind, std::string_view piece);
  void open_part(Open kind);
  void close_part();
  void open_reasoning();
  void close_reasoning();
  void close_call();
  void close();
  void add_item(const Json& item);
  void finish_item(Json item);
  [[nodiscard]] Json part() const;
  [[nodiscard]] Json place(std::string_view id_prefix) const;
  bool keep(std::string_view piece);

  std::string& out_;
  ResponseObject object_;
  std::size_t max_kept_bytes_;
  std::size_t kept_bytes_ = 0;
  bool is_too_large_ = false;
  bool has_started_ = false;
  std::uint64_t sequence_number_ = 0;
  Open open_ = Open::nothing;
  AnswerBlock block_;             ///< what is open, as far as it came
  Json content_ = Json::array();  ///< finished parts of the open message
  bool is_in_message_ = false;
  Json output_ = Json::array();  ///< finished items
};

}  // namespace runagents::llm
