#include "runner/egress/probe.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http/date.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::egress {
namespace {

constexpr std::chrono::seconds answer_time{10};

std::optional<std::chrono::sys_seconds> date_of(const http::ResponseHead& head) {
  const auto is_date = [](const http::Field& field) { return http::equal_ignoring_case(field.name, "date"); };
  const auto found = std::ranges::find_if(head.fields, is_date);
  return found == head.fields.end() ? std::nullopt : http::read_date(found->value);
}

http::Task<int> ask_for_head(const model::Tool& tool, http::ClientExchange& upstream) {
  upstream.arm(answer_time);
  upstream.out = "HEAD " + (tool.base_url.path.empty() ? "/" : tool.base_url.path) +
                 " HTTP/1.1\r\nHost: " + tool.base_url.authority() + "\r\nConnection: close\r\n\r\n";
  if (co_await upstream.send_request({})) co_return 0;
  const auto head = co_await upstream.read_head("HEAD");
  co_return head == http::ClientExchange::Head::complete ? upstream.response.status : 0;
}

http::Task<void> run_probe(const model::Tool& tool, Upstreams& upstreams, ProbeResult& result) {
  const auto from = Clock::now();
  Wish wish;
  auto upstream = co_await upstreams.acquire(tool, wish);
  if (!upstream) {
    result.refusal = std::move(upstream.error());
    co_return;
  }
  result.status = co_await ask_for_head(tool, **upstream);
  result.latency = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from);
  result.reachable = result.status != 0;
  if (result.reachable) result.date = date_of((*upstream)->response);
  if (!result.reachable) {
    result.refusal =
        refuse((*upstream)->timed_out ? model::RefusalCode::upstream_timeout : model::RefusalCode::upstream_protocol,
               tool.title() + " accepted a connection and gave no HTTP answer")
            .error();
  }
}

}  // namespace

ProbeResult probe(const model::Tool& tool) {
  ProbeResult result;
  http::asio::io_context context{1};
  http::Ticker ticker{context};
  Upstreams upstreams{context, ticker};
  http::asio::co_spawn(context, run_probe(tool, upstreams, result), [&](const std::exception_ptr&) {
    upstreams.close();
    ticker.stop();
  });
  context.run();
  return result;
}

}  // namespace runagents::egress
