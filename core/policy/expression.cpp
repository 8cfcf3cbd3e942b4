#include "core/policy/expression.hpp"

#include <re2/re2.h>
#include <string>
#include <utility>

namespace runagents::policy {
namespace {

RE2::Options options() {
  RE2::Options options;
  options.set_max_mem(static_cast<std::int64_t>(Expression::max_memory));
  options.set_dot_nl(true);
  options.set_log_errors(false);
  return options;
}

}  // namespace

struct Expression::Engine {
  explicit Engine(std::string_view text) : expression{re2::StringPiece{text.data(), text.size()}, options()} {}

  RE2 expression;
};

Expression::Expression(std::unique_ptr<const Engine> engine) noexcept : engine_{std::move(engine)} {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > max_length) {
    return fail(ErrorCode::configuration, "is longer than " + std::to_string(max_length) + " bytes");
  }
  auto engine = std::make_unique<const Engine>(text);
  if (!engine->expression.ok()) {
    return fail(ErrorCode::configuration, "is not a regular expression: " + engine->expression.error(),
                "the syntax is RE2's: no back references, no look-around");
  }
  return Expression{std::move(engine)};
}

bool Expression::matches(std::string_view text) const noexcept {
  return RE2::FullMatch(re2::StringPiece{text.data(), text.size()}, engine_->expression);
}

}  // namespace runagents::policy
