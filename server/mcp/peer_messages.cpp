#include "server/mcp/peer_messages.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"
#include "core/mcp/answer.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/raw_json.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

std::optional<std::string> id_of(const json& message) {
  const auto id = message.find("id");
  const bool is_sound = id != message.end() && (id->is_string() || id->is_number_integer());
  return is_sound ? std::optional{id->dump()} : std::nullopt;
}

std::string reply_to(const json& message, const std::string& id, mcp::ProtocolVersion version) {
  if (message["method"] == "ping") return mcp::write_result(id, json::object(), version);
  return mcp::write_error(id, mcp::error_code::method_not_found, "nobody is there to answer");
}

Result<std::optional<PeerMessage>> read_one(const json& message, std::string_view text, mcp::ProtocolVersion version) {
  if (!message.is_object()) return std::nullopt;
  auto id = id_of(message);
  if (!id) return std::nullopt;
  PeerMessage read{.id = *std::move(id), .answer = {}, .reply = {}};
  if (message.contains("method")) {
    read.reply = reply_to(message, read.id, version);
    return read;
  }
  const auto result = message.find("result");
  const auto error = message.find("error");
  if ((result == message.end()) == (error == message.end()))
    return unusable_answer("it has no result, or an error too");
  const auto raw = mcp::raw_member(text, result == message.end() ? "error" : "result");
  if (!raw || !(result == message.end() ? *error : *result).is_object()) {
    return unusable_answer("its result is no object");
  }
  read.is_answer = true;
  read.answer = {.text = std::string{*raw}, .failed = result == message.end()};
  return read;
}

}  // namespace

std::unexpected<Error> unusable_answer(std::string why) {
  return fail(ErrorCode::unavailable, "the MCP server's answer cannot be used: " + std::move(why), {},
              "upstream_protocol");
}

Result<std::vector<PeerMessage>> read_peer_messages(std::string_view text, mcp::ProtocolVersion version) {
  const auto value = auth::read_strict_json(text, {.max_depth = max_message_depth, .array_allowed = true});
  if (!value) return unusable_answer("it " + value.error());
  std::vector<PeerMessage> messages;
  const auto add = [&](const json& message, std::string_view raw) -> Result<void> {
    auto read = read_one(message, raw, version);
    if (!read) return std::unexpected(std::move(read.error()));
    if (*read) messages.push_back(**std::move(read));
    return {};
  };
  if (!value->is_array()) {
    if (auto added = add(*value, text); !added) return std::unexpected(std::move(added.error()));
    return messages;
  }
  const auto elements = mcp::raw_elements(text);
  if (elements.size() != value->size()) return unusable_answer("it has no single reading");
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (auto added = add((*value)[i], elements[i]); !added) return std::unexpected(std::move(added.error()));
  }
  return messages;
}

}  // namespace runagents::server
