#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/llm/problem.hpp"

namespace runagents::llm {

/// What comes up while a request is read and written anew. The first problem counts; reading goes on after it with what
/// is there, so that readers need not stop at each step.
class Findings {
 public:
  enum class Strictness {
    strict,
    lenient,  ///< what is not supported is only noted: for the playground, which answers anything sound
  };

  explicit Findings(Strictness strictness = Strictness::strict) : strictness_{strictness} {}

  /// The field is wrong in itself.
  void refuse_invalid(std::string field, std::string_view why) { refuse(invalid(std::move(field), why)); }
  /// The field asks for what is not there.
  void refuse_unsupported(std::string field, std::string_view why) {
    if (strictness_ == Strictness::lenient) return leave_out(std::move(field));
    refuse(unsupported(std::move(field), why));
  }
  /// The field is a hint that the provider has nothing for.
  void leave_out(std::string field) { left_out_.push_back(std::move(field)); }

  [[nodiscard]] const std::optional<Problem>& problem() const noexcept { return problem_; }
  [[nodiscard]] std::vector<std::string> take_left_out() noexcept { return std::move(left_out_); }

 private:
  void refuse(Problem problem) {
    if (!problem_) problem_ = std::move(problem);
  }

  Strictness strictness_;
  std::optional<Problem> problem_;
  std::vector<std::string> left_out_;
};

}  // namespace runagents::llm
