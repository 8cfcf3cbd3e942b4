#include <array>
#include <utility>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/policy/argument.hpp"

namespace runagents::config {
namespace {

using model::ArgumentCondition;
using Operator = ArgumentCondition::Operator;

constexpr std::array operators = {
    Word<Operator>{"eq", Operator::eq},
    Word<Operator>{"ne", Operator::ne},
    Word<Operator>{"in", Operator::in},
    Word<Operator>{"not_in", Operator::not_in},
    Word<Operator>{"prefix", Operator::prefix},
    Word<Operator>{"suffix", Operator::suffix},
    Word<Operator>{"contains", Operator::contains},
    Word<Operator>{"matches", Operator::matches},
    Word<Operator>{"lt", Operator::lt},
    Word<Operator>{"le", Operator::le},
    Word<Operator>{"gt", Operator::gt},
    Word<Operator>{"ge", Operator::ge},
    Word<Operator>{"exists", Operator::exists},
};

void read_field(const Value& value, ArgumentCondition& condition) {
  condition.field = value.text();
  const auto pointer = policy::parse_pointer(value.text());
  if (!pointer) value.report(pointer.error().message, pointer.error().hint);
}

void read_operator(const Value& value, ArgumentCondition& condition) {
  if (const auto op = read_word(value, operators)) condition.op = *op;
}

model::Scalar scalar_of(const Node& node) {
  switch (node.type) {
    case Node::Type::integer:
      return node.integer;
    case Node::Type::decimal:
      return node.decimal;
    case Node::Type::boolean:
      return node.boolean;
    default:
      return node.text;
  }
}

void read_values(const Value& value, ArgumentCondition& condition) {
  if (value.node().type != Node::Type::list) return condition.values.push_back(scalar_of(value.node()));
  for (const auto& item : value.node().items) condition.values.push_back(scalar_of(item));
}

constexpr std::array keys = {
    Key<ArgumentCondition>{"field", Shape::text, read_field, true},
    Key<ArgumentCondition>{"op", Shape::text, read_operator, true},
    Key<ArgumentCondition>{"value", Shape::scalars, read_values, true},
};

bool takes_list(Operator op) noexcept { return op == Operator::in || op == Operator::not_in; }

/// What can be said of the value only when the rest is known.
void check_values(const Value& value, const ArgumentCondition& condition) {
  const bool is_list = value.node().type == Node::Type::list;
  if (is_list != takes_list(condition.op)) {
    return value.report(is_list ? "must be one value for this \"op\"" : "must be a list for this \"op\"");
  }
  auto complete = condition;
  if (!policy::parse_pointer(complete.field)) complete.field = "/";
  if (const auto test = policy::ArgumentTest::compile(complete); !test) {
    value.report(test.error().message, test.error().hint);
  }
}

}  // namespace

void read_argument_condition(const Value& table, ArgumentCondition& condition) {
  read_table(table, keys, condition);
  const auto op = table.member("op");
  const auto value = table.member("value");
  const bool is_known = op && op->node().type == Node::Type::text && word(condition.op) == op->text();
  if (is_known && value && !condition.values.empty()) check_values(*value, condition);
}

void list_argument_condition_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
