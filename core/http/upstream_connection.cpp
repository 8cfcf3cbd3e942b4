#include "core/http/upstream_connection.hpp"

namespace runagents::http {

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
  if (SSL* ssl = connection->stream.ssl(); ssl != nullptr) {
    if (auto session = take_session(ssl)) session_ = std::move(session);
  }
  if (idle_.size() >= max_idle) return;
  connection->buffer.rest();
  connection->arm(idle);
  idle_.push_back(std::move(connection));
}

}  // namespace runagents::http
