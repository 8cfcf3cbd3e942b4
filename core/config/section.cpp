#include "core/config/section.hpp"

#include <limits>
#include <set>

#include "core/config/control.hpp"
#include "core/config/suggestion.hpp"

namespace runagents::config {
namespace {

std::string_view word(Node::Type type) noexcept {
  switch (type) {
    case Node::Type::text:
      return "a string";
    case Node::Type::integer:
      return "an integer";
    case Node::Type::decimal:
      return "a number with a fraction";
    case Node::Type::boolean:
      return "a boolean";
    case Node::Type::moment:
      return "a date or time";
    case Node::Type::list:
      return "a list";
    case Node::Type::table:
      return "a table";
  }
  return "something else";
}

bool check_type(const Value& value, Node::Type type) {
  if (value.node().type == type) return true;
  value.report("must be " + std::string{word(type)} + ", not " + std::string{word(value.node().type)});
  return false;
}

/// C1 controls, which terminals obey as well, are C2 80 to C2 9F in UTF-8.
bool holds_control(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_control(text[i])) return true;
    const bool leads_c1 = static_cast<unsigned char>(text[i]) == 0xc2;
    if (leads_c1 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

bool check_prose(const Value& value) {
  if (!check_type(value, Node::Type::text)) return false;
  if (!value.text().contains('\0')) return true;
  value.report("holds a NUL character");
  return false;
}

bool check_text(const Value& value) {
  if (!check_type(value, Node::Type::text)) return false;
  if (value.text().empty()) {
    value.report("must not be empty");
    return false;
  }
  if (!holds_control(value.text())) return true;
  value.report("holds a control character");
  return false;
}

bool check_integer(const Value& value) {
  if (!check_type(value, Node::Type::integer)) return false;
  constexpr std::int64_t limit = std::numeric_limits<std::uint32_t>::max();
  if (value.node().integer >= 1 && value.node().integer <= limit) return true;
  value.report("must be from 1 to " + std::to_string(limit));
  return false;
}

bool check_number(const Value& value) {
  const auto type = value.node().type;
  if (type != Node::Type::integer && type != Node::Type::decimal) {
    value.report("must be a number, not " + std::string{word(type)});
    return false;
  }
  constexpr double limit = 1'000'000;
  // What is not a number compares as false.
  if (value.number() >= 0 && value.number() <= limit) return true;
  value.report("must be from 0 to 1000000");
  return false;
}

bool check_list(const Value& value, bool (*check_item)(const Value&)) {
  if (!check_type(value, Node::Type::list)) return false;
  if (value.node().items.empty()) {
    value.report("must not be empty", "leave the key out instead");
    return false;
  }
  bool good = true;
  for (const auto& item : value.items()) good = check_item(item) && good;
  return good;
}

bool is_scalar(const Node& node) noexcept {
  return node.type == Node::Type::text || node.type == Node::Type::integer || node.type == Node::Type::decimal ||
         node.type == Node::Type::boolean;
}

bool check_scalar(const Value& value) {
  if (is_scalar(value.node())) return true;
  value.report("must be a string, a number or a boolean, not " + std::string{word(value.node().type)});
  return false;
}

bool check_words(const Value& value) {
  if (!check_list(value, check_text)) return false;
  std::set<std::string_view> seen;
  bool good = true;
  for (const auto& item : value.items()) {
    if (seen.insert(item.node().text).second) continue;
    item.report("stands in the list twice");
    good = false;
  }
  return good;
}

}  // namespace

std::vector<std::string> Value::texts() const {
  std::vector<std::string> result;
  result.reserve(node_->items.size());
  for (const auto& item : node_->items) result.push_back(item.text);
  return result;
}

std::vector<Value> Value::items() const {
  std::vector<Value> result;
  result.reserve(node_->items.size());
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    const auto& item = node_->items[i];
    result.emplace_back(*reading_, item, key_ + "[" + std::to_string(i + 1) + "]", item.position);
  }
  return result;
}

Value Value::child(const Member& member) const {
  Value result{*reading_, member.value, key_.empty() ? member.key : key_ + "." + member.key, member.position};
  result.name_ = member.key;
  return result;
}

std::vector<Value> Value::members() const {
  std::vector<Value> result;
  result.reserve(node_->members.size());
  for (const auto& member : node_->members) result.push_back(child(member));
  return result;
}

std::optional<Value> Value::member(std::string_view name) const {
  const auto found = std::ranges::find(node_->members, name, &Member::key);
  if (found == node_->members.end()) return std::nullopt;
  return child(*found);
}

void Value::report(std::string_view message, std::string_view suggestion) const {
  const auto position = node_->type == Node::Type::table ? key_position_ : node_->position;
  reading_->report(position, key_, message, suggestion);
}

void Value::report_at_key(std::string_view message, std::string_view suggestion) const {
  reading_->report(key_position_, key_, message, suggestion);
}

void Value::report_missing(std::string_view name) const {
  const auto key = key_.empty() ? std::string{name} : key_ + "." + std::string{name};
  reading_->report(key_position_, key, "is missing");
}

void Value::report_unknown(std::span<const std::string_view> known) const {
  auto suggestion = did_you_mean(name_, known);
  if (suggestion.empty()) {
    suggestion = "known here:";
    for (const auto one : known) suggestion += " " + std::string{one};
  }
  report_at_key("is not a key that is known here", suggestion);
}

bool Value::check(Shape shape) const {
  switch (shape) {
    case Shape::text:
      return check_text(*this);
    case Shape::prose:
      return check_prose(*this);
    case Shape::integer:
      return check_integer(*this);
    case Shape::number:
      return check_number(*this);
    case Shape::boolean:
      return check_type(*this, Node::Type::boolean);
    case Shape::words:
      return check_words(*this);
    case Shape::arguments:
      return check_list(*this, check_prose);
    case Shape::table:
    case Shape::named_tables:
    case Shape::named_texts:
      // Named members are checked one by one, so that a bad one does not hide the others.
      return check_type(*this, Node::Type::table);
    case Shape::scalars:
      return node_->type == Node::Type::list ? check_list(*this, check_scalar) : check_scalar(*this);
    case Shape::tables:
      // The same holds for the items of a list of tables.
      return check_list(*this, [](const Value&) { return true; });
  }
  return false;
}

std::string_view separator(Shape shape) noexcept {
  switch (shape) {
    case Shape::tables:
      return "[].";
    case Shape::named_tables:
      return ".*.";
    default:
      return ".";
  }
}

}  // namespace runagents::config
