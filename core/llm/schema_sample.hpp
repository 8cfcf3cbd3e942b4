#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/members.hpp"

namespace runagents::llm {

/// What a text offers for the values of a sample: numbers and quoted words in it, in their order. They are used once.
class SampleHints {
 public:
  explicit SampleHints(std::string_view text);

  /// The next number of the text, if it is in the range.
  [[nodiscard]] std::optional<double> number(double least, double most);
  /// The next quoted text; empty when there is none.
  [[nodiscard]] std::string_view quoted();
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string_view text_;
  std::vector<double> numbers_;
  std::vector<std::string_view> quotes_;
  std::size_t next_number_ = 0;
  std::size_t next_quote_ = 0;
};

/// A value that fits a JSON schema, always the same one for the same schema and hints: constants, the first of an enum
/// or of alternatives, defaults and examples where there are any; of an object what is required, or all of it when
/// nothing is. Honours types, ranges, lengths, counts, common formats, `allOf` and `$ref` within the schema; `pattern`
/// and `not` are not looked at.
[[nodiscard]] Json sample_of(const Json& schema, SampleHints& hints);

}  // namespace runagents::llm
