#pragma once

#include <memory>

#include "core/http2/server_session.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/engine.hpp"

namespace runagents::egress {

/// An agent's connection that speaks HTTP/2: every stream is a call of its own, and judged by itself.
class Http2Connection final : public http2::ServerSession {
 public:
  /// `stream` and `arrival` are those of the connection, and live longer.
  Http2Connection(Engine& engine, http::Stream& stream, const Arrival& arrival, const http::ConnectionTimes& times);

 protected:
  [[nodiscard]] std::unique_ptr<http2::ServerStream> make_stream(std::int32_t id) override;
  [[nodiscard]] http::Task<void> handle(http2::ServerStream& stream) override;
  [[nodiscard]] http::Task<void> refuse_head(http2::ServerStream& stream, http::HeadError error) override;

 private:
  Engine& engine_;
  const Arrival& arrival_;
};

}  // namespace runagents::egress
