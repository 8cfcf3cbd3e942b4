#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/policy.hpp"
#include "core/policy/arguments.hpp"
#include "core/policy/condition.hpp"
#include "core/policy/expression.hpp"

namespace runagents::policy {

/// The decoded parts of a JSON pointer (RFC 6901, 3). At least one, and `max_pointer` bytes at most.
[[nodiscard]] Result<std::vector<std::string>> parse_pointer(std::string_view text);
inline constexpr std::size_t max_pointer = 1000;

/// A condition on one argument, compiled. Immutable.
class ArgumentTest {
 public:
  /// An error says what is wrong with the condition's `field` or `values`.
  [[nodiscard]] static Result<ArgumentTest> compile(const model::ArgumentCondition& condition);

  /// Match::unknown when the arguments are not known (null), the argument is missing, or its type is another than the
  /// condition's.
  [[nodiscard]] Match match(const Arguments* arguments) const noexcept;

 private:
  ArgumentTest(const model::ArgumentCondition& condition, std::vector<std::string> pointer)
      : op_{condition.op}, values_{condition.values}, pointer_{std::move(pointer)} {}

  [[nodiscard]] Match match_any(const ArgumentValue& value) const noexcept;
  [[nodiscard]] Match match_text(const ArgumentValue& value) const noexcept;
  [[nodiscard]] Match match_order(const ArgumentValue& value) const noexcept;
  [[nodiscard]] Match match_contains(const Arguments& arguments, const ArgumentValue& value) const noexcept;

  model::ArgumentCondition::Operator op_;
  std::vector<model::Scalar> values_;
  std::vector<std::string> pointer_;
  std::optional<Expression> expression_;
};

/// All of them: `no` when one fails, else `unknown` when one cannot be evaluated.
[[nodiscard]] Match match_all(const std::vector<ArgumentTest>& tests, const Arguments* arguments) noexcept;

}  // namespace runagents::policy
