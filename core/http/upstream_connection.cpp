#include "core/http/upstream_connection.hpp"

#include <algorithm>

namespace runagents::http {

Task<error_code> UpstreamConnection::send_body(std::string_view data, bool last, const std::string& trailers) {
  before_.clear();
  after_.clear();
  if (is_chunked_) {
    if (!data.empty()) {
      append_chunk_head(before_, data.size());
      after_ = "\r\n";
    }
    if (last) after_.append("0\r\n").append(trailers).append("\r\n");
  }
  return stream.write(before_, data, after_);
}

Task<ClientExchange::Head> UpstreamConnection::read_head(std::string_view method) {
  const HeadLimits limits{.max_head_bytes = 64 * 1024, .max_fields = 256};
  for (;;) {
    const auto parsed = parse_response_head(buffer.readable(), method, limits, response);
    if (!parsed) co_return Head::malformed;
    if (*parsed > 0) {
      buffer.consume(*parsed);
      body_.begin(response.framing, response.content_length);
      co_return Head::complete;
    }
    const auto [error, size] = co_await stream.read_some(buffer.writable());
    if (error) {
      if (buffer.empty()) co_return reused ? Head::stale : Head::ended;
      co_return error == asio::error::eof ? Head::malformed : Head::ended;
    }
    buffer.commit(size);
  }
}

bool UpstreamConnection::can_rest() {
  if (!response.keep_alive || !body_.finished()) return false;
  body_.done();
  // Bytes after the response's end belong to nothing that was asked for.
  return buffer.empty();
}

std::unique_ptr<UpstreamConnection> IdleConnections::take() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    connection->disarm();
    if (connection->timed_out || connection->stream.is_stale()) continue;
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

void IdleConnections::put(std::unique_ptr<UpstreamConnection> connection, std::chrono::milliseconds idle) {
  keep_session(connection->stream.ssl());
  if (!idle_.empty() && idle_.front()->timed_out) {
    idle_.erase(idle_.begin(), std::ranges::find_if(idle_, [](const auto& one) { return !one->timed_out; }));
  }
  if (idle_.size() >= max_idle) return;
  connection->buffer.rest();
  connection->arm(idle);
  idle_.push_back(std::move(connection));
}

void IdleConnections::keep_session(SSL* ssl) {
  if (ssl == nullptr) return;
  if (auto session = take_session(ssl)) session_ = std::move(session);
}

}  // namespace runagents::http
