#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/problem.hpp"
#include "core/llm/usage.hpp"

namespace runagents::llm {

/// Why a model stopped.
enum class Stop {
  end,             ///< it was done
  length,          ///< a limit of tokens, or the window
  tool_calls,      ///< it waits for results
  stop_sequence,   ///< it wrote one
  content_filter,  ///< it was not allowed to go on
};

struct Ending {
  Stop stop = Stop::end;
  std::string stop_sequence;  ///< where the provider says which
  Usage usage;
};

/// Where a model's answer goes, piece by piece and in order, whatever API it comes from and in whatever API it is
/// written.
class AnswerSink {
 public:
  AnswerSink() = default;
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  virtual ~AnswerSink() = default;

  /// First, once.
  virtual void start(std::string_view id, std::string_view model) = 0;
  virtual void text(std::string_view piece) = 0;
  virtual void refusal(std::string_view piece) = 0;
  virtual void reasoning(std::string_view piece) = 0;
  /// Of the reasoning just before, complete; nothing is added to that afterwards.
  virtual void signature(std::string_view signature) = 0;
  /// Reasoning that only the provider can read.
  virtual void redacted(std::string_view data) = 0;
  virtual void call(std::string_view id, std::string_view name) = 0;
  /// Of the last call: JSON in pieces.
  virtual void arguments(std::string_view piece) = 0;
  /// Last, or `fail` instead.
  virtual void end(const Ending& ending) = 0;
  virtual void fail(const Problem& problem) = 0;

  /// Has more than it can keep, and writes nothing any more.
  [[nodiscard]] virtual bool is_full() const noexcept { return false; }
};

/// What every answer keeps to, between the reader of a provider's API and the sink: begins once, has an id and a model,
/// calls with ids and arguments, not too many of them, and an end.
class AnswerFlow {
 public:
  /// `fallback_id` is for providers that give no ids, `fallback_model` where none is named.
  AnswerFlow(AnswerSink& sink, std::string fallback_id, std::string fallback_model, std::size_t max_calls)
      : sink_{sink}, id_{std::move(fallback_id)}, model_{std::move(fallback_model)}, max_calls_{max_calls} {}

  void start(std::string_view id, std::string_view model);
  void text(std::string_view piece);
  void refusal(std::string_view piece);
  void reasoning(std::string_view piece);
  void signature(std::string_view signature);
  void redacted(std::string_view data);
  void call(std::string_view id, std::string_view name);
  void arguments(std::string_view piece);

  void stop(Stop stop, std::string_view stop_sequence = {});
  Usage& usage() noexcept { return ending_.usage; }
  /// The provider has said all. Without a stop before, the answer has failed.
  void end();
  void fail(Problem problem);
  /// The provider broke its protocol.
  void fail_protocol(std::string_view why);

  [[nodiscard]] bool has_stop() const noexcept { return has_stop_; }
  [[nodiscard]] bool is_done() const noexcept { return is_done_; }
  [[nodiscard]] const std::optional<Problem>& problem() const noexcept { return problem_; }
  [[nodiscard]] const Usage& usage() const noexcept { return ending_.usage; }

 private:
  /// Whether something can be added; begins the answer if it has not begun.
  bool begin();
  void close_call();
  void check_room();

  AnswerSink& sink_;
  std::string id_;
  std::string model_;
  std::size_t max_calls_;
  std::size_t calls_ = 0;
  bool has_started_ = false;
  bool is_in_call_ = false;
  bool lacks_arguments_ = false;  ///< of the last call
  bool has_stop_ = false;
  bool is_done_ = false;
  Ending ending_;
  std::optional<Problem> problem_;
};

}  // namespace runagents::llm
