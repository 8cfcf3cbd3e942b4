#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/llm/members.hpp"

namespace runagents::llm {

// Members of a provider's JSON, where what is missing, null or of another type is simply not there.

[[nodiscard]] inline const Json* find(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

[[nodiscard]] inline const Json* find_object(const Json& object, std::string_view name) {
  const auto* found = find(object, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

[[nodiscard]] inline const Json* find_list(const Json& object, std::string_view name) {
  const auto* found = find(object, name);
  return found != nullptr && found->is_array() ? found : nullptr;
}

/// Empty when there is none.
[[nodiscard]] inline std::string_view find_text(const Json& object, std::string_view name) {
  const auto* found = find(object, name);
  return found != nullptr && found->is_string() ? std::string_view{found->get_ref<const std::string&>()}
                                                : std::string_view{};
}

[[nodiscard]] inline std::optional<std::uint64_t> find_count(const Json& object, std::string_view name) {
  const auto* found = find(object, name);
  return found != nullptr && found->is_number_unsigned() ? std::optional{found->get<std::uint64_t>()} : std::nullopt;
}

}  // namespace runagents::llm
