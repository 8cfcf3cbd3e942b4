#include <algorithm>

#include "runner/egress/fields.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

constexpr std::size_t max_body_bytes = std::size_t{8} * 1024 * 1024;

Verdict refuse_protocol(Call& call, mcp::ProtocolError error) {
  auto refusal =
      refuse(bad_request, "this is no request of MCP: " + error.message, call.tool->title() + " is of kind mcp");
  call.mcp->error = std::move(error);
  return refusal;
}

std::string_view field(const Call& call, std::string_view name) {
  const auto found =
      std::ranges::find_if(call.head->fields, [name](const http::Field& one) { return same_field(one.name, name); });
  return found == call.head->fields.end() ? std::string_view{} : found->value;
}

/// The stream of a session (GET) and its end (DELETE) have no message.
Verdict read_without_message(Call& call) {
  call.mcp = std::make_unique<Conversation>();
  if (call.head->framing != http::Framing::none || call.head->wants_upgrade) {
    return refuse(bad_request, std::string{call.method()} + " of MCP has no body and asks for no other protocol");
  }
  const auto version = mcp::version_of_field(field(call, "mcp-protocol-version"), mcp::protocol_versions);
  if (!version) return refuse_protocol(call, version.error());
  call.mcp->listens = call.method() == "GET";
  // A stream that is taken up again may bring the answer to an older request.
  call.mcp->lists_tools = call.mcp->listens;
  return pass();
}

Verdict read_post(Call& call) {
  call.mcp = std::make_unique<Conversation>();
  auto post = mcp::read_post(call.head->fields, *call.held_body);
  if (!post) return refuse_protocol(call, std::move(post.error()));
  call.mcp = std::make_unique<Conversation>(std::move(*post));
  const auto has = [&call](std::string_view method) {
    return std::ranges::any_of(call.mcp->messages(),
                               [method](const mcp::Message& message) { return message.is_request_for(method); });
  };
  call.mcp->lists_tools = has("tools/list");
  call.mcp->listens = has("subscriptions/listen");
  return pass();
}

}  // namespace

http::Task<Verdict> read_messages(Call& call, http::Exchange& exchange) {
  const auto method = call.method();
  if (method == "GET" || method == "DELETE") co_return read_without_message(call);
  if (method != "POST") {
    co_return refuse(method_not_allowed,
                     "a tool of kind mcp takes POST, GET and DELETE, and this is a " + std::string{method});
  }
  auto body = co_await exchange.read_whole_body(max_body_bytes);
  if (!body) {
    co_return refuse(body_too_large, "a message of MCP is read whole before it is sent, up to " +
                                         std::to_string(max_body_bytes) + " bytes, and this one did not arrive whole");
  }
  call.held_body = std::move(body);
  co_return read_post(call);
}

}  // namespace runagents::egress
