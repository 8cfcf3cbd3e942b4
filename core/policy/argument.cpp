#include "core/policy/argument.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace runagents::policy {
namespace {

using Kind = ArgumentValue::Kind;
using Operator = model::ArgumentCondition::Operator;
using model::Scalar;

std::optional<long double> number_in(const Scalar& scalar) noexcept {
  if (const auto* integer = std::get_if<std::int64_t>(&scalar)) return static_cast<long double>(*integer);
  if (const auto* decimal = std::get_if<double>(&scalar)) return *decimal;
  return std::nullopt;
}

/// Whether both are equal; nothing when they are of different types.
std::optional<bool> equal(const Scalar& scalar, const ArgumentValue& value) noexcept {
  if (const auto* boolean = std::get_if<bool>(&scalar)) {
    return value.kind == Kind::boolean ? std::optional{*boolean == value.boolean} : std::nullopt;
  }
  if (const auto* text = std::get_if<std::string>(&scalar)) {
    return value.kind == Kind::text ? std::optional{*text == value.text} : std::nullopt;
  }
  const auto number = number_in(scalar);
  return number && value.kind == Kind::number ? std::optional{*number == value.number} : std::nullopt;
}

constexpr Match match_of(bool yes) noexcept { return yes ? Match::yes : Match::no; }

template <class Value>
Match in_order(Operator op, const Value& left, const Value& right) noexcept {
  switch (op) {
    case Operator::lt:
      return match_of(left < right);
    case Operator::le:
      return match_of(left <= right);
    case Operator::gt:
      return match_of(left > right);
    case Operator::ge:
      return match_of(left >= right);
    default:
      return Match::unknown;
  }
}

Result<void> check_value(Operator op, const Scalar& value) {
  const bool is_text = std::holds_alternative<std::string>(value);
  const bool is_boolean = std::holds_alternative<bool>(value);
  const auto* decimal = std::get_if<double>(&value);
  if (decimal != nullptr && !std::isfinite(*decimal)) return fail(ErrorCode::configuration, "must be a finite number");
  switch (op) {
    case Operator::prefix:
    case Operator::suffix:
    case Operator::matches:
      if (!is_text) return fail(ErrorCode::configuration, "must be a string for \"" + std::string{word(op)} + "\"");
      return {};
    case Operator::lt:
    case Operator::le:
    case Operator::gt:
    case Operator::ge:
      if (is_boolean) {
        return fail(ErrorCode::configuration, "must be a number or a string for \"" + std::string{word(op)} + "\"");
      }
      return {};
    case Operator::exists:
      if (!is_boolean) return fail(ErrorCode::configuration, "must be true or false for \"exists\"");
      return {};
    default:
      return {};
  }
}

Result<std::string> decoded_part(std::string_view part) {
  std::string text;
  while (!part.empty()) {
    const bool is_escape = part.front() == '~';
    if (is_escape && !part.starts_with("~0") && !part.starts_with("~1")) {
      return fail(ErrorCode::configuration, R"("~" is neither "~0" nor "~1")");
    }
    text += part.starts_with("~1") ? '/' : part.front();
    part.remove_prefix(is_escape ? 2 : 1);
  }
  return text;
}

}  // namespace

Result<std::vector<std::string>> parse_pointer(std::string_view text) {
  if (!text.starts_with('/')) {
    return fail(ErrorCode::configuration, "is not a JSON pointer", R"(write it like "/repository/owner")");
  }
  if (text.size() > max_pointer) {
    return fail(ErrorCode::configuration, "is longer than " + std::to_string(max_pointer) + " bytes");
  }
  std::vector<std::string> parts;
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto end = std::min(text.find('/'), text.size());
    auto part = decoded_part(text.substr(0, end));
    if (!part) return std::unexpected(std::move(part.error()));
    parts.push_back(std::move(*part));
    text.remove_prefix(end);
  }
  return parts;
}

Result<ArgumentTest> ArgumentTest::compile(const model::ArgumentCondition& condition) {
  auto pointer = parse_pointer(condition.field);
  if (!pointer) return std::unexpected(std::move(pointer.error()));
  const bool takes_many = condition.op == Operator::in || condition.op == Operator::not_in;
  if (condition.values.empty() || (!takes_many && condition.values.size() > 1)) {
    return fail(ErrorCode::configuration, takes_many ? "must not be empty" : "must be one value");
  }
  for (const auto& value : condition.values) {
    if (auto checked = check_value(condition.op, value); !checked) return std::unexpected(std::move(checked.error()));
  }
  ArgumentTest test{condition, *std::move(pointer)};
  if (condition.op == Operator::matches) {
    auto expression = Expression::parse(std::get<std::string>(condition.values.front()));
    if (!expression) return std::unexpected(std::move(expression.error()));
    test.expression_ = *std::move(expression);
  }
  return test;
}

Match ArgumentTest::match(const Arguments* arguments) const noexcept {
  if (arguments == nullptr) return Match::unknown;
  const auto value = arguments->at(pointer_);
  if (op_ == Operator::exists) return match_of((value.kind != Kind::missing) == std::get<bool>(values_.front()));
  switch (op_) {
    case Operator::eq:
    case Operator::ne:
    case Operator::in:
    case Operator::not_in:
      return match_any(value);
    case Operator::contains:
      return match_contains(*arguments, value);
    case Operator::prefix:
    case Operator::suffix:
    case Operator::matches:
      return match_text(value);
    default:
      return match_order(value);
  }
}

Match ArgumentTest::match_any(const ArgumentValue& value) const noexcept {
  const bool is_negated = op_ == Operator::ne || op_ == Operator::not_in;
  bool is_comparable = false;
  for (const auto& one : values_) {
    const auto is_equal = equal(one, value);
    if (is_equal && *is_equal) return match_of(!is_negated);
    is_comparable = is_comparable || is_equal.has_value();
  }
  return is_comparable ? match_of(is_negated) : Match::unknown;
}

Match ArgumentTest::match_text(const ArgumentValue& value) const noexcept {
  if (value.kind != Kind::text) return Match::unknown;
  if (expression_) {
    return value.text.size() > Expression::max_text ? Match::unknown : match_of(expression_->matches(value.text));
  }
  const std::string_view wanted = std::get<std::string>(values_.front());
  return match_of(op_ == Operator::prefix ? value.text.starts_with(wanted) : value.text.ends_with(wanted));
}

Match ArgumentTest::match_order(const ArgumentValue& value) const noexcept {
  if (const auto* text = std::get_if<std::string>(&values_.front())) {
    return value.kind == Kind::text ? in_order(op_, value.text, std::string_view{*text}) : Match::unknown;
  }
  const auto number = number_in(values_.front());
  return number && value.kind == Kind::number ? in_order(op_, value.number, *number) : Match::unknown;
}

Match ArgumentTest::match_contains(const Arguments& arguments, const ArgumentValue& value) const noexcept {
  const auto& wanted = values_.front();
  if (value.kind == Kind::text) {
    const auto* text = std::get_if<std::string>(&wanted);
    return text == nullptr ? Match::unknown : match_of(value.text.contains(*text));
  }
  if (value.kind != Kind::list) return Match::unknown;
  auto outcome = Match::no;
  for (std::size_t i = 0; i < value.size; ++i) {
    const auto is_equal = equal(wanted, arguments.item(value, i));
    if (is_equal && *is_equal) return Match::yes;
    if (!is_equal) outcome = Match::unknown;
  }
  return outcome;
}

Match match_all(const std::vector<ArgumentTest>& tests, const Arguments* arguments) noexcept {
  auto outcome = Match::yes;
  for (const auto& test : tests) {
    const auto match = test.match(arguments);
    if (match == Match::no) return Match::no;
    if (match == Match::unknown) outcome = Match::unknown;
  }
  return outcome;
}

}  // namespace runagents::policy
