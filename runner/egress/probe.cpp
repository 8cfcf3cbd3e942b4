#include "runner/egress/probe.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/call.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::egress {
namespace {

constexpr std::chrono::seconds answer_time{10};

http::Task<int> ask_for_head(const model::Tool& tool, UpstreamConnection& connection) {
  connection.arm(answer_time);
  connection.out = "HEAD " + (tool.base_url.path.empty() ? "/" : tool.base_url.path) +
                   " HTTP/1.1\r\nHost: " + tool.base_url.authority() + "\r\nConnection: close\r\n\r\n";
  auto error = co_await connection.stream.write(connection.out);
  while (!error) {
    const auto parsed = http::parse_response_head(connection.buffer.readable(), "HEAD", {}, connection.response);
    if (!parsed) co_return 0;
    if (*parsed > 0) co_return connection.response.status;
    const auto read = co_await connection.stream.read_some(connection.buffer.writable());
    error = read.error;
    connection.buffer.commit(read.size);
  }
  co_return 0;
}

http::Task<void> run_probe(const model::Tool& tool, Upstreams& upstreams, ProbeResult& result) {
  const auto from = Clock::now();
  auto connection = co_await upstreams.acquire(tool, true);
  if (!connection) {
    result.refusal = std::move(connection.error());
    co_return;
  }
  result.status = co_await ask_for_head(tool, **connection);
  result.latency = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - from);
  result.reachable = result.status != 0;
  if (!result.reachable) {
    result.refusal =
        refuse((*connection)->timed_out ? model::RefusalCode::upstream_timeout : model::RefusalCode::upstream_protocol,
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
  http::asio::co_spawn(context, run_probe(tool, upstreams, result),
                       [&ticker](const std::exception_ptr&) { ticker.stop(); });
  context.run();
  return result;
}

}  // namespace runagents::egress
