// The reader of lists whose elements must stay what they are, byte by byte: for whatever is JSON to another parser, the
// elements are the same to it, and so are plain members.
#include "core/api/json_spans.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;

/// Nothing where it is no JSON to the other parser, or not the same: NUL is its end. Which of two members of one name
/// counts is nobody's business here, and neither are names with escapes.
std::optional<json> parsed(std::string_view text) {
  if (text.contains('\0') || text.contains('\\')) return std::nullopt;
  std::set<std::string> names;
  bool is_twice = false;
  const auto note = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::key && depth == 1) is_twice |= !names.insert(value.get<std::string>()).second;
    return true;
  };
  auto whole = json::parse(text, note, false);
  if (whole.is_discarded() || is_twice) return std::nullopt;
  return whole;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::api;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto elements = array_elements(text, "events");
  const auto member = plain_member(text, "seq");
  const auto other = parsed(text);
  if (!other) return 0;
  const auto& whole = *other;
  const bool has_list = whole.is_object() && whole.contains("events") && whole["events"].is_array();
  if (elements.has_value() != has_list) std::abort();
  if (has_list) {
    if (elements->size() != whole["events"].size()) std::abort();
    for (std::size_t i = 0; i < elements->size(); ++i) {
      if (json::parse((*elements)[i]) != whole["events"][i]) std::abort();
    }
  }
  if (member.empty()) return 0;
  if (!whole.is_object() || !whole.contains("seq")) std::abort();
  const auto& value = whole["seq"];
  if (value.is_string() ? value.get<std::string>() != member : json::parse(member) != value) std::abort();
  return 0;
}
