#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/error.hpp"

namespace runagents::policy {

/// A regular expression in RE2's syntax, which needs time linear in the text whatever both say: no back references, no
/// look-around. It is matched against the whole text, as if it stood in \A(?:...)\z, and "." matches line ends, too: a
/// rule about ".*secret.*" cannot be passed by a line end. Case counts unless the expression says (?i). Texts are
/// UTF-8. Immutable; threads may share it.
class Expression {
 public:
  static constexpr std::size_t max_length = 1000;                  ///< of an expression, in bytes
  static constexpr std::size_t max_text = std::size_t{1} << 16;    ///< longer texts are not matched, in bytes
  static constexpr std::size_t max_memory = std::size_t{1} << 18;  ///< of the compiled expression, in bytes

  /// Refuses what is longer than `max_length` or needs more than `max_memory`, and what has no meaning.
  [[nodiscard]] static Result<Expression> parse(std::string_view text);
  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  /// `text` is not longer than `max_text`.
  [[nodiscard]] bool matches(std::string_view text) const noexcept;

 private:
  struct Engine;
  explicit Expression(std::unique_ptr<const Engine> engine) noexcept;

  std::unique_ptr<const Engine> engine_;
};

}  // namespace runagents::policy
