#include "runner/egress/http2_connection.hpp"

#include "runner/egress/pipeline.hpp"

namespace runagents::egress {
namespace {

/// A request and what is known of it, in one place.
struct CallStream final : http2::ServerStream {
  using ServerStream::ServerStream;
  Call call;
};

Call& call_of(http2::ServerStream& stream) { return static_cast<CallStream&>(stream).call; }

/// At the forward proxy a request names the server that it is meant for; the other doors lead to one.
http2::TargetForm form_at(const Arrival& arrival) {
  const bool is_proxy = arrival.door == Door::forward && !arrival.destination;
  return is_proxy ? http2::TargetForm::absolute : http2::TargetForm::origin;
}

std::string scheme_at(const Arrival& arrival) {
  if (form_at(arrival) == http2::TargetForm::absolute) return {};
  return arrival.destination ? arrival.destination->scheme : "http";
}

}  // namespace

Http2Connection::Http2Connection(Engine& engine, http::Stream& stream, const Arrival& arrival,
                                 const http::ConnectionTimes& times)
    : ServerSession{engine.context, engine.ticker, stream, form_at(arrival), scheme_at(arrival), times},
      engine_{engine},
      arrival_{arrival} {}

std::unique_ptr<http2::ServerStream> Http2Connection::make_stream(std::int32_t id) {
  return std::make_unique<CallStream>(*this, id);
}

http::Task<void> Http2Connection::handle(http2::ServerStream& stream) {
  auto& call = call_of(stream);
  call.reset(arrival_);
  call.head = &stream.head();
  if (call.method() != "CONNECT") {
    co_await egress::handle(engine_, call, stream);
    co_return;
  }
  auto refusal = refuse(model::RefusalCode::method_not_allowed, "CONNECT is not served in a stream of HTTP/2",
                        "open the tunnel over HTTP/1.1");
  co_await answer_at_once(engine_, call, stream, std::move(refusal.error()));
}

http::Task<void> Http2Connection::refuse_head(http2::ServerStream& stream, http::HeadError error) {
  co_await answer_unreadable(engine_, call_of(stream), arrival_, stream, error, "HTTP/2");
}

}  // namespace runagents::egress
