#include "core/llm/members.hpp"

#include <algorithm>
#include <utility>

namespace runagents::llm {

Members::Members(const Json& object, std::string path, Findings& findings)
    : path_{std::move(path)}, findings_{findings} {
  if (!object.is_object()) {
    findings.refuse_invalid(path_, "must be an object");
    return;
  }
  object_ = &object;
  taken_.resize(object.size());
}

std::string Members::path(std::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string{name} : path_ + '.' + std::string{name};
}

const Json* Members::take(std::string_view name) {
  if (object_ == nullptr) return nullptr;
  std::size_t index = 0;
  for (const auto& [key, value] : object_->items()) {
    if (key == name) {
      taken_[index] = true;
      return value.is_null() ? nullptr : &value;
    }
    ++index;
  }
  return nullptr;
}

Setting Members::setting(std::string_view name) {
  const auto* value = take(name);
  return value == nullptr ? Setting{} : Setting{value, path(name)};
}

const Json* Members::wrong(std::string_view name, std::string_view what) {
  findings_.refuse_invalid(path(name), what);
  return nullptr;
}

std::optional<std::string_view> Members::text(std::string_view name) {
  const auto* value = take(name);
  if (value != nullptr && !value->is_string()) value = wrong(name, "must be a string");
  return value == nullptr ? std::nullopt : std::optional<std::string_view>{value->get_ref<const std::string&>()};
}

std::optional<bool> Members::flag(std::string_view name) {
  const auto* value = take(name);
  if (value != nullptr && !value->is_boolean()) value = wrong(name, "must be true or false");
  return value == nullptr ? std::nullopt : std::optional{value->get<bool>()};
}

std::optional<std::uint64_t> Members::count(std::string_view name) {
  const auto* value = take(name);
  if (value != nullptr && !value->is_number_unsigned()) value = wrong(name, "must be a whole number, not below 0");
  return value == nullptr ? std::nullopt : std::optional{value->get<std::uint64_t>()};
}

Setting Members::number(std::string_view name) {
  auto found = setting(name);
  if (found && !found.value->is_number()) found.value = wrong(name, "must be a number");
  return found;
}

const Json* Members::list(std::string_view name) {
  const auto* value = take(name);
  return value != nullptr && !value->is_array() ? wrong(name, "must be a list") : value;
}

const Json* Members::object(std::string_view name) {
  const auto* value = take(name);
  return value != nullptr && !value->is_object() ? wrong(name, "must be an object") : value;
}

std::string_view Members::required_text(std::string_view name) {
  const bool was_fine = !findings_.problem();
  const auto value = text(name);
  if (!value && was_fine && !findings_.problem()) wrong(name, "is missing");
  return value.value_or("");
}

void Members::only(std::string_view name, std::initializer_list<std::string_view> allowed, std::string_view why) {
  const auto value = text(name);
  if (value && std::ranges::find(allowed, *value) == allowed.end()) findings_.refuse_unsupported(path(name), why);
}

void Members::hints(std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (take(name) != nullptr) findings_.leave_out(path(name));
  }
}

void Members::refuse_unless_empty(std::initializer_list<std::string_view> names, std::string_view why) {
  for (const auto name : names) {
    const auto* value = take(name);
    if (value == nullptr) continue;
    const bool asks_nothing = (value->is_boolean() && !value->get<bool>()) ||
                              (value->is_number() && value->get<double>() == 0) ||
                              ((value->is_structured() || value->is_string()) && (value->empty() || *value == ""));
    if (!asks_nothing) findings_.refuse_unsupported(path(name), why);
  }
}

void Members::refuse_rest() {
  if (object_ == nullptr) return;
  std::size_t index = 0;
  for (const auto& [key, value] : object_->items()) {
    if (!taken_[index++] && !value.is_null()) findings_.refuse_unsupported(path(key), "is not known here");
  }
}

std::string element(std::string_view list, std::size_t index) {
  return std::string{list} + '[' + std::to_string(index) + ']';
}

}  // namespace runagents::llm
