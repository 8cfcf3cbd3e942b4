#pragma once

#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/policy/arguments.hpp"

namespace runagents::policy {

/// The arguments of a tool call that stand in a JSON value, which outlives this view. For .cpp files. `Json` is
/// nlohmann::json or nlohmann::ordered_json, without members of the same name twice.
template <class Json>
class JsonArguments final : public Arguments {
 public:
  explicit JsonArguments(const Json& json) noexcept : json_{&json} {}

  [[nodiscard]] ArgumentValue at(std::span<const std::string> pointer) const noexcept override {
    const Json* here = json_;
    for (const auto& part : pointer) {
      here = child(*here, part);
      if (here == nullptr) return {};
    }
    return value_of(*here);
  }

  [[nodiscard]] ArgumentValue item(const ArgumentValue& list, std::size_t index) const noexcept override {
    return value_of((*static_cast<const Json*>(list.list))[index]);
  }

 private:
  static const Json* child(const Json& parent, const std::string& part) noexcept {
    if (parent.is_object()) {
      const auto found = parent.find(part);
      return found == parent.end() ? nullptr : &*found;
    }
    const auto index = index_of(part);
    return parent.is_array() && index && *index < parent.size() ? &parent[*index] : nullptr;
  }

  /// RFC 6901, 4: digits without a leading zero.
  static std::optional<std::size_t> index_of(const std::string& part) noexcept {
    std::size_t index = 0;
    const auto* end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data(), end, index);
    const bool has_leading_zero = part.size() > 1 && part.front() == '0';
    if (error != std::errc{} || stop != end || has_leading_zero) return std::nullopt;
    return index;
  }

  static ArgumentValue value_of(const Json& json) noexcept {
    using Kind = ArgumentValue::Kind;
    ArgumentValue value;
    if (json.is_null()) value.kind = Kind::null;
    if (json.is_object()) value.kind = Kind::object;
    if (json.is_boolean()) {
      value.kind = Kind::boolean;
      value.boolean = *json.template get_ptr<const typename Json::boolean_t*>();
    } else if (json.is_number()) {
      value.kind = Kind::number;
      value.number = number_of(json);
    } else if (json.is_string()) {
      value.kind = Kind::text;
      value.text = *json.template get_ptr<const typename Json::string_t*>();
    } else if (json.is_array()) {
      value.kind = Kind::list;
      value.list = &json;
      value.size = json.size();
    }
    return value;
  }

  static long double number_of(const Json& json) noexcept {
    if (json.is_number_unsigned()) {
      return static_cast<long double>(*json.template get_ptr<const typename Json::number_unsigned_t*>());
    }
    if (json.is_number_integer()) {
      return static_cast<long double>(*json.template get_ptr<const typename Json::number_integer_t*>());
    }
    return *json.template get_ptr<const typename Json::number_float_t*>();
  }

  const Json* json_;
};

}  // namespace runagents::policy
