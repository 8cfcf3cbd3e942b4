#include "server/mcp/relay.hpp"

#include "core/ascii.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/gone_watch.hpp"

namespace runagents::server {
namespace {

std::unexpected<Error> unreadable(std::string why) {
  return fail(ErrorCode::unavailable, "the MCP server's answer cannot be passed on: " + std::move(why), {},
              "upstream_protocol");
}

std::string fields_of(const UpstreamCall& call, const RelayRules& rules, bool is_stream) {
  std::string fields = rules.fields;
  if (const auto type = call.field("content-type"); !type.empty()) {
    fields.append("Content-Type: ").append(type).append("\r\n");
  }
  fields.append(is_stream ? "Cache-Control: no-cache\r\nX-Accel-Buffering: no\r\n" : "Cache-Control: no-store\r\n");
  for (const auto* name : {"Retry-After", "Allow"}) {
    const auto value = call.field(name);
    if (!value.empty()) fields.append(name).append(": ").append(value).append("\r\n");
  }
  return fields;
}

/// Piece by piece; what is filtered event by event.
http::Task<int> pass_pieces(UpstreamCall& call, http::Exchange& exchange, const RelayRules& rules, std::string fields,
                            std::optional<std::uint64_t> length) {
  mcp::ToolListStream filter{rules.may_see == nullptr ? mcp::MaySee{} : *rules.may_see, max_inspected_bytes};
  const std::string no_trailers;
  const int status = call.head().status;
  http::ResponseStart start;
  start.status = status;
  start.fields = &fields;
  start.content_length = length;
  bool there = co_await exchange.send_head(start, {}, false);
  for (bool last = false; there && !last;) {
    Result<UpstreamCall::Piece> piece;
    {
      const GoneWatch watch{&exchange, call};
      piece = co_await call.next();
    }
    if (!piece) {
      exchange.abort();
      co_return status;
    }
    last = piece->last;
    if (rules.may_see == nullptr) {
      if (piece->data.empty() && !last) continue;
      there = co_await exchange.send_body(piece->data, last, no_trailers);
      continue;
    }
    const auto passed = filter.pass(piece->data);
    if (!passed) {
      exchange.abort();
      co_return status;
    }
    if (passed->empty() && !last) continue;
    there = co_await exchange.send_body(*passed, last, no_trailers);
  }
  if (!there) call.close();
  co_return there ? status : 0;
}

}  // namespace

std::string media_type(const UpstreamCall& call) {
  auto type = call.field("content-type");
  type = type.substr(0, type.find_first_of("; \t"));
  return lowered(type);
}

bool is_encoded(const UpstreamCall& call) {
  const auto encoding = call.field("content-encoding");
  return !encoding.empty() && !http::equal_ignoring_case(encoding, "identity");
}

http::Task<Result<int>> relay(UpstreamCall& call, http::Exchange& exchange, const RelayRules& rules) {
  const auto& head = call.head();
  if (is_encoded(call)) co_return unreadable("it has a content coding that was not asked for");
  const bool is_stream = media_type(call) == "text/event-stream";
  auto fields = fields_of(call, rules, is_stream);
  if (head.framing == http::Framing::none || (head.has_content_length && head.content_length == 0)) {
    const int status = co_await send_answer(exchange, head.status, std::move(fields), {});
    co_return status;
  }
  if (is_stream || rules.may_see == nullptr) {
    std::optional<std::uint64_t> length;
    if (!is_stream && head.has_content_length) length = head.content_length;
    const int status = co_await pass_pieces(call, exchange, rules, std::move(fields), length);
    co_return status;
  }
  Result<std::string> body;
  {
    const GoneWatch watch{&exchange, call};
    body = co_await call.read_all(max_inspected_bytes);
  }
  if (!body) co_return std::unexpected(std::move(body.error()));
  auto filtered = mcp::filter_response(*body, *rules.may_see);
  if (!filtered) co_return unreadable(std::move(filtered.error()));
  const int status = co_await send_answer(exchange, head.status, std::move(fields), std::move(*filtered));
  co_return status;
}

}  // namespace runagents::server
