#include "runner/egress/tunnel.hpp"

#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace runagents::egress {
namespace {

/// What the two directions know of each other.
struct Ends {
  explicit Ends(http::asio::io_context& context) : over{context, http::Timer::time_point::max()} {}
  http::Timer over;
  bool agent_side_ended = false;
  bool in_order = true;  ///< neither direction has failed
};

/// Everything that `from` says goes to `to`; an orderly end is passed on, a failure ends both. False: it failed.
http::Task<bool> copy(http::ByteChannel& from, http::ByteChannel& to, UpstreamConnection& connection,
                      std::chrono::milliseconds timeout, std::uint64_t& bytes) {
  std::vector<char> block(16 * 1024);
  for (;;) {
    const auto [error, size] = co_await from.read_some(block);
    if (error == http::asio::error::eof) {
      to.end_writing();
      co_return true;
    }
    connection.arm(timeout);
    const auto written = error ? error : co_await to.write({block.data(), size});
    if (written) {
      from.close();
      to.close();
      co_return false;
    }
    bytes += size;
  }
}

http::Task<void> copy_from_agent(std::shared_ptr<Ends> ends, Call& call, http::ByteChannel& agent,
                                 UpstreamConnection& connection) {
  const bool in_order = co_await copy(agent, connection.stream, connection, call.tool->timeout, call.bytes_in);
  ends->in_order = ends->in_order && in_order;
  ends->agent_side_ended = true;
  ends->over.cancel();
}

}  // namespace

http::Task<void> run_tunnel(Engine& engine, Call& call, Exchange& exchange, UpstreamConnection& connection) {
  auto& agent = exchange.tunnel();
  connection.arm(call.tool->timeout);
  const auto early = exchange.take_tunnel_bytes();
  const auto first_error = co_await connection.stream.write(early);
  const auto answered = connection.buffer.readable();
  const auto second_error = first_error ? first_error : co_await agent.write(answered);
  if (second_error) {
    exchange.abort();
    co_return;
  }
  call.bytes_in = early.size();
  call.bytes_out = answered.size();
  const auto ends = std::make_shared<Ends>(engine.context);
  http::asio::co_spawn(engine.context, copy_from_agent(ends, call, agent, connection), http::asio::detached);
  const bool in_order = co_await copy(connection.stream, agent, connection, call.tool->timeout, call.bytes_out);
  ends->in_order = ends->in_order && in_order;
  // An agent that stays silent after the tool has ended is not waited for longer than any other silence.
  while (!ends->agent_side_ended) {
    if (connection.timed_out) agent.close();
    ends->over.expires_after(http::Ticker::period);
    static_cast<void>(co_await ends->over.async_wait(http::by_value));
  }
  if (ends->in_order) {
    exchange.end();
  } else {
    exchange.abort();
  }
}

}  // namespace runagents::egress
