#include "runner/egress/sending.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/fields.hpp"
#include "runner/egress/pipeline.hpp"

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

constexpr int max_repeats = 8;
/// Each of them ends a silence, so without a limit a call could wait for ever.
constexpr int max_interim_responses = 100;

bool accepts_trailers(const http::RequestHead& head) {
  return std::ranges::any_of(head.fields, [](const auto& field) {
    return same_field(field.name, "te") && http::list_has_token(field.value, "trailers");
  });
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
    wish_.cancel();
    if (upstream_) upstream_->close();
  };
}

std::unexpected<Refusal> Sending::broken(bool malformed) const {
  const auto name = call_.upstream();
  if (upstream_->timed_out) {
    return refuse(upstream_timeout, name + " was silent for too long",
                  call_.arrival->door == Door::ingress ? "" : "its limit is the tool's timeout");
  }
  if (malformed) {
    return refuse(upstream_protocol, name + " sent something that is not " + std::string{upstream_->protocol()});
  }
  const auto ending = upstream_->ending();
  return refuse(upstream_unreachable,
                name + " " + (ending.empty() ? "closed the connection without an answer" : ending));
}

http::Task<Verdict> Sending::run() {
  call_.sent = Clock::now();
  if (!engine_.recorder.note_leaving(call_)) co_return unrecordable();
  framing_ = framing_of(call_);
  wish_.needs_http1 = framing_.upgrade;
  wish_.needs_http2 = call_.grpc.has_value();
  if (!call_.held_body && !exchange_.body_is_here() && !framing_.expects_continue) {
    static_cast<void>(co_await exchange_.gather_small_body());
  }
  auto answered = co_await attempt();
  if (!answered && retry_ != Retry::no) answered = co_await attempt_again();
  // A refused credential means that nothing was done, so any method may come again, if its body is still here.
  if (answered && upstream_->response.status == 401 && call_.credential && !pump_) {
    const auto challenge = challenge_of(upstream_->response);
    const bool renewed = co_await engine_.credentials.renew(call_, challenge);
    if (renewed) answered = co_await attempt();
    if (renewed && !answered && retry_ == Retry::at_once) answered = co_await attempt_again();
  }
  ignore_agent();
  if (answered) co_return answered;
  if (is_sending()) co_await stop();
  if (pump_ && pump_->malformed()) {
    answered = refuse(bad_request, "the request's body is not a sound chunked body");
  }
  co_return answered;
}

/// One more time; or some more, where connections come to their end, because each takes the calls with it that were
/// just put there.
http::Task<Verdict> Sending::attempt_again() {
  Verdict answered;
  for (int attempts = 0; attempts < max_repeats; ++attempts) {
    wish_.fresh = retry_ == Retry::on_fresh;
    answered = co_await attempt();
    if (answered || retry_ != Retry::at_once) break;
  }
  wish_.fresh = false;
  co_return answered;
}

http::Task<Verdict> Sending::attempt() {
  retry_ = Retry::no;
  upstream_.reset();
  watch_agent();
  auto acquired = co_await engine_.upstreams.acquire(*call_.tool, wish_);
  if (!acquired) co_return std::unexpected(std::move(acquired.error()));
  upstream_ = std::move(*acquired);
  if (gone_) co_return broken(false);
  upstream_->arm(call_.tool->timeout);
  // A server may answer early and close; what it said is worth more than our broken pipe, so it is read in any case.
  if (!send_at_once()) static_cast<void>(co_await send_request());
  auto head = co_await await_final_head();
  upstream_->disarm();
  co_return head;
}

/// Whether the request is a head alone, and the kernel took it; else it is `send_request` that sends it.
bool Sending::send_at_once() {
  auto& upstream = *upstream_;
  upstream.wants_trailers = call_.grpc || accepts_trailers(*call_.head);
  if (call_.arrival->door == Door::ingress) {
    write_agent_head(upstream.out, call_, framing_);
  } else {
    write_request_head(upstream.out, call_, framing_);
  }
  return framing_.framing == http::Framing::none && !call_.held_body && upstream.send_request_at_once({});
}

http::Task<http::error_code> Sending::send_request() {
  auto& upstream = *upstream_;
  if (call_.held_body) {
    call_.bytes_in = call_.held_body->size();
    const auto error = co_await upstream.send_request(*call_.held_body);
    co_return error;
  }
  if (framing_.framing == http::Framing::none) {
    const auto error = co_await upstream.send_request({});
    co_return error;
  }
  if (framing_.framing == http::Framing::length && exchange_.body_is_here()) {
    if (!first_body_) {
      const auto piece = co_await exchange_.read_body();
      first_body_ = piece.data;
    }
    call_.bytes_in = first_body_->size();
    const auto error = co_await upstream.send_request(*first_body_);
    co_return error;
  }
  const auto error = co_await upstream.open_request(framing_.framing);
  if (error) co_return error;
  pump_ = std::make_shared<BodyPump>(engine_.context);
  http::asio::co_spawn(engine_.context, pump_body(pump_, exchange_, upstream, call_, framing_.framing),
                       http::asio::detached);
  co_return http::error_code{};
}

/// Reads response heads until the final one, passing interim ones on.
http::Task<Verdict> Sending::await_final_head() {
  using enum http::ClientExchange::Head;
  auto& upstream = *upstream_;
  for (int interim = 0;; ++interim) {
    const auto head = co_await upstream.read_head(call_.method());
    if (head != complete) {
      const bool may_retry = !pump_ && !upstream.timed_out && !gone_;
      if (may_retry && head == refused) retry_ = Retry::once;
      if (may_retry && head == unprocessed) retry_ = Retry::at_once;
      if (may_retry && head == stale && is_safe(call_.method())) retry_ = Retry::on_fresh;
      co_return broken(head == malformed);
    }
    const auto& response = upstream.response;
    if (response.status >= 200) co_return pass();
    if (response.status == 101) {
      if (framing_.upgrade) co_return pass();
      co_return broken(true);
    }
    if (interim == max_interim_responses) {
      co_return refuse(upstream_protocol, call_.upstream() + " sends interim answers and no final one");
    }
    write_response_fields(upstream.fields, call_, response);
    if (call_.head->minor_version == 1 &&
        !(co_await exchange_.send_interim(response.status, response.reason, upstream.fields))) {
      gone_ = true;
      co_return broken(false);
    }
    upstream.arm(call_.tool->timeout);
  }
}

void Sending::release() {
  const bool request_done = !pump_ || pump_->sent_all();
  if (request_done) engine_.upstreams.release(*call_.tool, std::move(upstream_));
}

http::Task<void> Sending::stop() {
  if (!pump_->ended()) {
    exchange_.stop_reading();
    if (upstream_) upstream_->close();
    co_await pump_->wait();
  }
}

}  // namespace runagents::egress
