#include "server/service/shape.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/config/address.hpp"
#include "core/policy/target.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_items = 1000;
constexpr std::size_t max_shown_name = 64;

std::unexpected<Error> unfit(const std::string& place, std::string_view why) {
  return fail(ErrorCode::usage, "\"" + place + "\" " + std::string{why});
}

Result<void> check_number(const Json& value, std::uint64_t least, std::uint64_t most, const std::string& place) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >= least && value.get<std::uint64_t>() <= most) {
    return {};
  }
  return unfit(place, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<void> check_url(const std::string& url, const std::string& place) {
  const auto target = policy::parse_target(url);
  if (!target) return unfit(place, "is not an http or https URL with one reading");
  if (config::kind_of_host(target->authority.host) != config::HostKind::forbidden) return {};
  return unfit(place, "leads to an address that is never called");
}

bool is_one_of(std::string_view word, std::string_view words) {
  while (!words.empty()) {
    const auto end = std::min(words.find('|'), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

Result<void> check_single(const Json& value, const std::string& kind, const std::string& place) {
  if (kind == "any") return {};
  if (kind == "flag") {
    if (value.is_boolean()) return {};
    return unfit(place, "must be true or false");
  }
  if (kind == "port") return check_number(value, 1, std::numeric_limits<std::uint16_t>::max(), place);
  if (kind == "count") return check_number(value, 0, std::numeric_limits<std::int32_t>::max(), place);
  if (!value.is_string()) return unfit(place, "must be a text");
  const auto& text = value.get_ref<const std::string&>();
  if (kind == "text") return {};
  if (kind == "url") return check_url(text, place);
  if (is_one_of(text, kind)) return {};
  return unfit(place, "must be one of " + kind);
}

Result<void> check_list(const Json& value, const Json& shape, const std::string& place) {
  if (!value.is_array()) return unfit(place, "must be a list");
  if (value.size() > max_items) return unfit(place, "has too many entries");
  std::size_t number = 0;
  for (const auto& one : value) {
    if (auto fit = check_shape(one, shape, place + "[" + std::to_string(++number) + "]"); !fit) return fit;
  }
  return {};
}

Result<void> check_object(const Json& value, const Json& shape, const std::string& place) {
  if (!value.is_object()) return unfit(place, "must be an object");
  if (value.size() > max_items) return unfit(place, "has too many members");
  const auto any = shape.find("*");
  for (const auto& [name, member] : value.items()) {
    const auto known = any == shape.end() ? shape.find(name) : any;
    const auto inner = place + "." + name.substr(0, max_shown_name);
    if (known == shape.end()) return unfit(inner, "is not a member that is known");
    if (member.is_null()) continue;
    if (auto fit = check_shape(member, *known, inner); !fit) return fit;
  }
  return {};
}

}  // namespace

Result<void> check_shape(const Json& value, const Json& shape, const std::string& place) {
  if (shape.is_array()) return check_list(value, shape.front(), place);
  if (shape.is_object()) return check_object(value, shape, place);
  return check_single(value, shape.get_ref<const std::string&>(), place);
}

}  // namespace runagents::server
