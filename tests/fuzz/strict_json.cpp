// JSON that is read strictly is read the same by a common library, and once more when it has been written.
#include "core/auth/strict_json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::auth;
  if (size < 1) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  const StrictRules rules{.max_depth = data[0] % 64 + std::size_t{1}, .array_allowed = (data[0] & 64) != 0};
  const auto found = read_strict_json(text, rules);
  auto portable = rules;
  portable.portable = true;
  const auto narrow = read_strict_json(text, portable);
  if (narrow && (!found || *narrow != *found)) std::abort();
  if (!found) return 0;
  if (!found->is_object() && !(rules.array_allowed && found->is_array())) std::abort();
  const auto common = nlohmann::json::parse(text, nullptr, false);
  if (common.is_discarded() || common != *found) std::abort();
  const auto again = read_strict_json(found->dump(), rules);
  if (!again || *again != *found) std::abort();
  const auto ordered = read_strict_ordered_json(text, rules);
  if (!ordered || nlohmann::json::parse(ordered->dump()) != *found) std::abort();
  return 0;
}
