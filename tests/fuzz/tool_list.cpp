// A list of tools as an MCP server gives it, from which some are taken out: none of them is left, and nothing more goes
// when it is done again; a stream of events gives the same however it is cut.
#include "core/mcp/tool_list.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace {

using namespace runagents::mcp;
using Outcome = std::expected<std::string, std::string>;

bool may_see(std::string_view name) { return name.find('x') == name.npos; }

void check_whole(std::string_view text) {
  const auto shown = filter_response(text, may_see);
  if (!shown) return;
  const auto again = filter_response(*shown, may_see);
  if (!again || *again != *shown) std::abort();
  auto answer = nlohmann::json::parse(*shown, nullptr, false);
  if (answer.is_discarded()) std::abort();
  if (!answer.is_array()) answer = nlohmann::json::array({answer});
  for (const auto& one : answer) {
    if (!one.is_object() || !one.contains("result") || !one["result"].is_object()) continue;
    const auto tools = one["result"].find("tools");
    if (tools == one["result"].end() || !tools->is_array()) continue;
    for (const auto& tool : *tools) {
      if (!tool.is_object() || !tool.contains("name") || !tool["name"].is_string()) std::abort();
      if (!may_see(tool["name"].get<std::string>())) std::abort();
    }
  }
}

Outcome streamed(std::string_view bytes, std::size_t step) {
  ToolListStream stream{may_see, 4096};
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto piece = stream.pass(bytes.substr(at, step));
    if (!piece) return std::unexpected(piece.error());
    out.append(*piece);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  check_whole(text);
  const auto whole = streamed(text, size);
  const auto cut = streamed(text, data[0] % 16 + std::size_t{1});
  if (whole.has_value() != cut.has_value() || (whole && *whole != *cut)) std::abort();
  return 0;
}
