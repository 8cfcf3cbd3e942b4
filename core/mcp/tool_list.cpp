#include "core/mcp/tool_list.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"

namespace runagents::mcp {
namespace {

using Ordered = nlohmann::ordered_json;

const std::string* name_of(const Ordered& tool) {
  if (!tool.is_object()) return nullptr;
  const auto name = tool.find("name");
  return name == tool.end() ? nullptr : name->get_ptr<const std::string*>();
}

// Objects that keep their order look names up one by one.
constexpr std::size_t max_members = 512;

bool is_wide(const nlohmann::json& value) {
  if (value.is_object() && value.size() > max_members) return true;
  return value.is_structured() && std::ranges::any_of(value, is_wide);
}

bool has_tools(const nlohmann::json& message) {
  if (!message.is_object()) return false;
  const auto result = message.find("result");
  if (result == message.end() || !result->is_object()) return false;
  const auto tools = result->find("tools");
  return tools != result->end() && tools->is_array();
}

bool filter_message(Ordered& message, const MaySee& may_see) {
  if (!message.is_object()) return false;
  const auto result = message.find("result");
  return result != message.end() && filter_tools(*result, may_see);
}

}  // namespace

bool filter_tools(Ordered& result, const MaySee& may_see) {
  if (!result.is_object()) return false;
  const auto tools = result.find("tools");
  if (tools == result.end() || !tools->is_array()) return false;
  auto& list = tools->get_ref<Ordered::array_t&>();
  const auto removed = std::erase_if(list, [&may_see](const Ordered& tool) {
    const auto* name = name_of(tool);
    return name == nullptr || !may_see(*name);
  });
  const auto scope = result.find("cacheScope");
  const bool was_public = scope != result.end() && *scope != "private";
  if (was_public) *scope = "private";
  return removed > 0 || was_public;
}

std::expected<std::string, std::string> filter_response(std::string_view text, const MaySee& may_see,
                                                        std::size_t max_depth) {
  // Read strictly first: what the reader that keeps the order finds is then what everybody finds.
  const auto strict = auth::read_strict_json(text, {.max_depth = max_depth, .array_allowed = true});
  if (!strict) return std::unexpected("an answer that has to be looked into " + strict.error());
  const bool concerned = strict->is_array() ? std::ranges::any_of(*strict, has_tools) : has_tools(*strict);
  if (!concerned) return std::string{text};
  if (is_wide(*strict)) return std::unexpected("a list of tools has too large an object in it");
  auto value = Ordered::parse(text, nullptr, false);
  bool changed = false;
  if (value.is_array()) {
    for (auto& message : value) changed = filter_message(message, may_see) || changed;
  } else {
    changed = filter_message(value, may_see);
  }
  return changed ? value.dump() : std::string{text};
}

std::expected<std::string, std::string> ToolListStream::pass(std::string_view bytes) {
  std::vector<ServerEvent> events;
  std::string out;
  const bool fits = reader_.feed(bytes, events);
  for (auto& event : events) {
    // Clients take MCP's messages from events of this type only.
    const bool is_message = event.type.empty() || event.type == "message";
    if (is_message && !event.data.empty()) {
      auto filtered = filter_response(event.data, may_see_);
      if (!filtered) return std::unexpected(std::move(filtered.error()));
      if (*filtered != event.data) {
        event.data = std::move(*filtered);
        out.append(write_event(event));
        continue;
      }
    }
    out.append(event.raw);
  }
  if (!fits) return std::unexpected("an event is too large to be looked into");
  return out;
}

}  // namespace runagents::mcp
