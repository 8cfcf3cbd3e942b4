#include "server/mcp/stdio_session.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"
#include "core/mcp/answer.hpp"
#include "server/mcp/peer_messages.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

constexpr std::size_t max_unsent = 256;
constexpr std::size_t max_unsent_bytes = std::size_t{1} << 20U;

std::string ended_error(const std::string& id) {
  return mcp::write_error(id, mcp::error_code::internal_error, "the MCP server has ended");
}

}  // namespace

void StdioSession::receive(std::string_view line) {
  const auto message = auth::read_strict_json(line, {.max_depth = max_message_depth});
  if (!message) return;
  const auto id = message->find("id");
  const bool has_id = id != message->end() && (id->is_string() || id->is_number_integer());
  if (!message->contains("method")) {
    if (has_id) answer(id->dump(), std::string{line});
    return;
  }
  auto* const to = receiver(*message);
  if (to != nullptr) {
    to->put(std::string{line});
  } else if (unsent.size() < max_unsent && unsent_bytes + line.size() <= max_unsent_bytes) {
    unsent_bytes += line.size();
    unsent.emplace_back(line);
  }
}

void StdioSession::answer(const std::string& id, std::string line) {
  const auto found = pending.find(id);
  if (found == pending.end()) return;
  const auto waiting = std::move(found->second.waiting);
  pending.erase(found);
  std::erase(order, id);
  waiting->put(std::move(line));
  if (--waiting->unanswered == 0) waiting->end();
}

StdioWaiting* StdioSession::receiver(const json& message) const {
  const auto params = message.find("params");
  if (message["method"] == "notifications/progress" && params != message.end() && params->is_object()) {
    const auto token = params->find("progressToken");
    const auto text = token == params->end() || token->is_structured() ? std::string{} : token->dump();
    for (const auto& [id, one] : pending) {
      if (!text.empty() && one.token == text) return one.waiting.get();
    }
  }
  if (!order.empty()) return pending.at(order.back()).waiting.get();
  return stream.get();
}

void StdioSession::end() {
  disarm();
  for (auto& [id, one] : std::exchange(pending, {})) {
    one.waiting->put(ended_error(id));
    if (--one.waiting->unanswered == 0) one.waiting->end();
  }
  order.clear();
  if (stream) stream->end();
}

void StdioSession::forget(const std::shared_ptr<StdioWaiting>& waiting) {
  std::erase_if(pending, [&](const auto& entry) { return entry.second.waiting == waiting; });
  std::erase_if(order, [this](const std::string& id) { return !pending.contains(id); });
}

}  // namespace runagents::server
