#include "runner/egress/sending.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/fields.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

/// Methods that may be sent again when the first attempt may or may not have been processed (RFC 9110, section 9.2.1).
bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

/// What a 401 says of the credential; a copy, because the response may be replaced by another one.
std::string challenge_of(const http::ResponseHead& response) {
  const auto found = std::ranges::find_if(response.fields,
                                          [](const auto& field) { return same_field(field.name, "www-authenticate"); });
  return found == response.fields.end() ? std::string{} : std::string{found->value};
}

RequestFraming framing_of(const Call& call) {
  RequestFraming framing;
  if (call.held_body) {
    framing.framing = call.held_body->empty() ? http::Framing::none : http::Framing::length;
    framing.content_length = call.held_body->size();
  } else {
    framing.framing = call.head->framing;
    framing.content_length = call.head->content_length;
    framing.expects_continue = call.head->expects_continue;
  }
  framing.upgrade = call.head->wants_upgrade && framing.framing == http::Framing::none &&
                    !http::list_has_token(call.head->upgrade, "h2c");
  return framing;
}

}  // namespace

void Sending::watch_agent() {
  exchange_.on_gone = [this] {
    gone_ = true;
    connection_->close();
  };
}

std::unexpected<Refusal> Sending::broken(bool malformed) const {
  const auto name = call_.upstream();
  if (connection_->timed_out) {
    return refuse(upstream_timeout, name + " was silent for too long",
                  call_.arrival->door == Door::ingress ? "" : "its limit is the tool's timeout");
  }
  if (malformed) return refuse(upstream_protocol, name + " sent something that is not HTTP/1.1");
  return refuse(upstream_unreachable, name + " closed the connection without an answer");
}

http::Task<Verdict> Sending::run() {
  call_.sent = Clock::now();
  framing_ = framing_of(call_);
  if (!call_.held_body && !exchange_.body_is_here() && !framing_.expects_continue) {
    static_cast<void>(co_await exchange_.gather_small_body());
  }
  auto answered = co_await attempt(false);
  if (!answered && may_retry_) answered = co_await attempt(true);
  // A refused credential means that nothing was done, so any method may come again, if its body is still here.
  if (answered && connection_->response.status == 401 && call_.credential && !pump_) {
    const auto challenge = challenge_of(connection_->response);
    const bool renewed = co_await engine_.credentials.renew(call_, challenge);
    if (renewed) answered = co_await attempt(false);
  }
  ignore_agent();
  if (answered) co_return answered;
  co_await stop();
  if (pump_ && pump_->malformed()) {
    answered = refuse(bad_request, "the request's body is not a sound chunked body");
  }
  co_return answered;
}

http::Task<Verdict> Sending::attempt(bool fresh) {
  may_retry_ = false;
  auto acquired = co_await engine_.upstreams.acquire(*call_.tool, fresh);
  if (!acquired) co_return std::unexpected(std::move(acquired.error()));
  connection_ = std::move(*acquired);
  watch_agent();
  connection_->arm(call_.tool->timeout);
  // A server may answer early and close; what it said is worth more than our broken pipe, so it is read in any case.
  static_cast<void>(co_await send_request());
  auto head = co_await await_final_head();
  connection_->disarm();
  co_return head;
}

http::Task<http::error_code> Sending::send_request() {
  auto& connection = *connection_;
  if (call_.arrival->door == Door::ingress) {
    write_agent_head(connection.out, call_, framing_);
  } else {
    write_request_head(connection.out, call_, framing_);
  }
  if (call_.held_body) {
    call_.bytes_in = call_.held_body->size();
    const auto error = co_await connection.stream.write(connection.out, *call_.held_body);
    co_return error;
  }
  if (framing_.framing == http::Framing::none) {
    const auto error = co_await connection.stream.write(connection.out);
    co_return error;
  }
  if (framing_.framing == http::Framing::length && exchange_.body_is_here()) {
    if (!first_body_) {
      const auto piece = co_await exchange_.read_body();
      first_body_ = piece.data;
    }
    call_.bytes_in = first_body_->size();
    const auto error = co_await connection.stream.write(connection.out, *first_body_);
    co_return error;
  }
  const auto error = co_await connection.stream.write(connection.out);
  if (error) co_return error;
  pump_ = std::make_shared<BodyPump>(engine_.context);
  http::asio::co_spawn(engine_.context, pump_body(pump_, exchange_, connection, call_, framing_.framing),
                       http::asio::detached);
  co_return http::error_code{};
}

/// Reads response heads until the final one, passing interim ones on.
http::Task<Verdict> Sending::await_final_head() {
  for (;;) {
    if (auto head = co_await read_head(); !head) co_return head;
    const auto& response = connection_->response;
    if (response.status >= 200) co_return pass();
    if (response.status == 101) {
      if (framing_.upgrade) co_return pass();
      co_return broken(true);
    }
    write_response_fields(connection_->fields, call_, response);
    if (call_.head->minor_version == 1 &&
        !(co_await exchange_.send_interim(response.status, response.reason, connection_->fields))) {
      gone_ = true;
      co_return broken(false);
    }
    connection_->arm(call_.tool->timeout);
  }
}

http::Task<Verdict> Sending::read_head() {
  auto& connection = *connection_;
  const http::HeadLimits limits{.max_head_bytes = 64 * 1024, .max_fields = 256};
  for (;;) {
    const auto parsed =
        http::parse_response_head(connection.buffer.readable(), call_.method(), limits, connection.response);
    if (!parsed) co_return broken(true);
    if (*parsed > 0) {
      connection.buffer.consume(*parsed);
      co_return pass();
    }
    const auto [error, size] = co_await connection.stream.read_some(connection.buffer.writable());
    if (error) {
      may_retry_ = connection.reused && connection.buffer.empty() && is_safe(call_.method()) && !pump_ &&
                   !connection.timed_out && !gone_;
      co_return broken(!connection.buffer.empty() && error == http::asio::error::eof);
    }
    connection.buffer.commit(size);
  }
}

void Sending::release(http::BodyReader& body) {
  auto& connection = *connection_;
  const bool request_done = !pump_ || pump_->sent_all();
  if (!connection.response.keep_alive || !body.finished() || !request_done) return;
  body.done();
  // Bytes after the response's end belong to nothing that was asked for.
  if (!connection.buffer.empty()) return;
  engine_.upstreams.release(*call_.tool, std::move(connection_));
}

http::Task<void> Sending::stop() {
  if (!pump_) co_return;
  if (!pump_->ended()) {
    exchange_.stop_reading();
    if (connection_) connection_->close();
    co_await pump_->wait();
  }
}

}  // namespace runagents::egress
