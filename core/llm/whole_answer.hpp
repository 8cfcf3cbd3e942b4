#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/answer_flow.hpp"
#include "core/llm/members.hpp"
#include "core/llm/translate.hpp"

namespace runagents::llm {

/// One part of an answer, as a model gave it.
struct AnswerBlock {
  enum class Kind { text, refusal, reasoning, call };
  Kind kind = Kind::text;
  std::string text = {};       ///< of a call: its arguments
  std::string signature = {};  ///< of reasoning
  std::string redacted = {};   ///< reasoning that only the provider can read, instead of a text
  std::string id = {};         ///< of a call
  std::string name = {};
};

/// An answer that is put together before it is written.
class WholeAnswer final : public AnswerSink {
 public:
  void start(std::string_view answer_id, std::string_view answer_model) override;
  void text(std::string_view piece) override { add(AnswerBlock::Kind::text, piece); }
  void refusal(std::string_view piece) override { add(AnswerBlock::Kind::refusal, piece); }
  void reasoning(std::string_view piece) override;
  void signature(std::string_view signature) override;
  void redacted(std::string_view data) override;
  void call(std::string_view id, std::string_view name) override;
  void arguments(std::string_view piece) override { blocks.back().text += piece; }
  void end(const Ending& how) override { ending = how; }
  void fail(const Problem& /*problem*/) override {}

  /// All text, or all of a kind.
  [[nodiscard]] std::string joined(AnswerBlock::Kind kind) const;
  [[nodiscard]] bool has(AnswerBlock::Kind kind) const noexcept;

  std::string id;
  std::string model;
  std::vector<AnswerBlock> blocks;
  Ending ending;

 private:
  void add(AnswerBlock::Kind kind, std::string_view piece);
};

/// The body of a whole answer in each caller's API. `created` is in seconds of Unix time.
[[nodiscard]] std::string chat_body(const WholeAnswer& answer, std::int64_t created);
[[nodiscard]] std::string messages_body(const WholeAnswer& answer);
[[nodiscard]] std::string responses_body(const WholeAnswer& answer, const AnswerPlan& plan, std::int64_t created);

/// The words of the callers' APIs.
[[nodiscard]] std::string_view finish_reason(Stop stop) noexcept;
[[nodiscard]] std::string_view stop_reason(Stop stop, bool has_refusal) noexcept;
/// "chatcmpl-..." for an id that may already have a prefix of its kind.
[[nodiscard]] std::string prefixed_id(std::string_view prefix, std::string_view id);

/// JSON as text; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string dump(const Json& value);

}  // namespace runagents::llm
