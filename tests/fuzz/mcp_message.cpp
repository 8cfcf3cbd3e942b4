// The body of a POST of MCP. What is accepted must be the same to a plain JSON reader, and in one line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/mcp/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::mcp;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto read = read_messages(text);
  if (!read) {
    if (read.error().message.empty() || read.error().message.size() > 200) std::abort();
    return 0;
  }
  const auto plain = nlohmann::json::parse(text, nullptr, false);
  if (plain.is_discarded() || plain.is_array() != read->batch) std::abort();
  for (std::size_t i = 0; i < read->all.size(); ++i) {
    const auto& message = read->all[i];
    if (*message.document != (read->batch ? plain[i] : plain)) std::abort();
    if (message.is_tool_call() && message.document->at("params").at("name") != message.name) std::abort();
    if (operation(message).empty()) std::abort();
  }
  const auto line = in_one_line(text);
  if (line.find('\n') != std::string::npos || nlohmann::json::parse(line, nullptr, false) != plain) std::abort();
  return 0;
}
