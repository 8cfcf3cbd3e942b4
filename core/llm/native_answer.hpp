#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/member_tap.hpp"
#include "core/llm/problem.hpp"
#include "core/llm/translate.hpp"
#include "core/llm/usage.hpp"
#include "core/mcp/event_stream.hpp"

namespace runagents::llm {

/// A provider's stream on its way to a caller that speaks the same API: whole events, byte for byte. Usage is read; the
/// chunk that tells it is withheld where the caller did not ask for it.
class NativeStream {
 public:
  NativeStream(const AnswerPlan& plan, std::size_t max_event_bytes);

  void feed(std::string_view bytes, std::string& out);
  /// An event with the problem where the stream lacks its end.
  void finish(std::string& out);
  void fail(const Problem& problem, std::string& out);

  [[nodiscard]] bool is_done() const noexcept { return is_done_; }
  [[nodiscard]] const std::optional<Problem>& problem() const noexcept { return problem_; }
  [[nodiscard]] const Usage& usage() const noexcept { return usage_; }

 private:
  /// Whether the event goes on.
  bool look_at(const mcp::ServerEvent& event);
  void look_for_error(const mcp::ServerEvent& event);
  bool look_for_usage(std::string_view data);

  const AnswerPlan& plan_;
  mcp::EventStreamReader events_;
  std::vector<mcp::ServerEvent> read_;
  bool has_end_ = false;  ///< the provider has said that it is done, or why not
  bool is_done_ = false;
  std::optional<Problem> problem_;
  Usage usage_;
};

/// A whole answer on the same way: bytes pass as they come, usage is read.
class NativeBody {
 public:
  explicit NativeBody(Api provider);

  void feed(std::string_view bytes) { tap_.feed(bytes); }
  /// After the last byte.
  [[nodiscard]] Usage usage() const;

 private:
  Api provider_;
  MemberTap tap_;
};

}  // namespace runagents::llm
