#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/fields.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/egress/pump.hpp"
#include "runner/egress/request_head.hpp"
#include "runner/egress/tool_list_filter.hpp"
#include "runner/egress/tunnel.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Connection = std::unique_ptr<UpstreamConnection>;

/// Methods that may be sent again when the first attempt may or may not have been processed (RFC 9110, section 9.2.1).
bool is_safe(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

std::unexpected<Refusal> broken_upstream(const Call& call, const UpstreamConnection& connection, bool malformed) {
  const auto name = call.upstream();
  if (connection.timed_out) {
    return refuse(upstream_timeout, name + " was silent for too long",
                  call.arrival->door == Door::ingress ? "" : "its limit is the tool's timeout");
  }
  if (malformed) return refuse(upstream_protocol, name + " sent something that is not HTTP/1.1");
  return refuse(upstream_unreachable, name + " closed the connection without an answer");
}

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

/// One call's way to the tool and back.
class Forwarding {
 public:
  Forwarding(Engine& engine, Call& call, Exchange& exchange) : engine_{engine}, call_{call}, exchange_{exchange} {}

  http::Task<void> run() {
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
    exchange_.on_gone = nullptr;
    if (!answered) {
      co_await stop_pump();
      if (pump_ && pump_->malformed()) {
        answered = refuse(bad_request, "the request's body is not a sound chunked body");
      }
      co_await answer_refusal(engine_, call_, exchange_, std::move(answered.error()));
      co_return;
    }
    if (connection_->response.status == 101) {
      co_await tunnel();
    } else {
      co_await relay();
    }
    co_await stop_pump();
  }

 private:
  http::Task<Verdict> attempt(bool fresh) {
    may_retry_ = false;
    auto acquired = co_await engine_.upstreams.acquire(*call_.tool, fresh);
    if (!acquired) co_return std::unexpected(std::move(acquired.error()));
    connection_ = std::move(*acquired);
    exchange_.on_gone = [this] {
      gone_ = true;
      connection_->close();
    };
    connection_->arm(call_.tool->timeout);
    // A server may answer early and close; what it said is worth more than our broken pipe, so it is read in any case.
    static_cast<void>(co_await send_request());
    auto head = co_await await_final_head();
    connection_->disarm();
    co_return head;
  }

  http::Task<http::error_code> send_request() {
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
  http::Task<Verdict> await_final_head() {
    for (;;) {
      if (auto head = co_await read_head(); !head) co_return head;
      const auto& response = connection_->response;
      if (response.status >= 200) co_return pass();
      if (response.status == 101) {
        if (framing_.upgrade) co_return pass();
        co_return broken_upstream(call_, *connection_, true);
      }
      write_response_fields(connection_->fields, call_, response);
      if (call_.head->minor_version == 1 &&
          !(co_await exchange_.send_interim(response.status, response.reason, connection_->fields))) {
        gone_ = true;
        co_return broken_upstream(call_, *connection_, false);
      }
      connection_->arm(call_.tool->timeout);
    }
  }

  http::Task<Verdict> read_head() {
    auto& connection = *connection_;
    const http::HeadLimits limits{.max_head_bytes = 64 * 1024, .max_fields = 256};
    for (;;) {
      const auto parsed =
          http::parse_response_head(connection.buffer.readable(), call_.method(), limits, connection.response);
      if (!parsed) co_return broken_upstream(call_, connection, true);
      if (*parsed > 0) {
        connection.buffer.consume(*parsed);
        co_return pass();
      }
      const auto [error, size] = co_await connection.stream.read_some(connection.buffer.writable());
      if (error) {
        may_retry_ = connection.reused && connection.buffer.empty() && is_safe(call_.method()) && !pump_ &&
                     !connection.timed_out && !gone_;
        co_return broken_upstream(call_, connection, !connection.buffer.empty() && error == http::asio::error::eof);
      }
      connection.buffer.commit(size);
    }
  }

  /// Everything is on its way but the end: now the call is recorded, or the response stays without an end.
  bool record() {
    call_.status = connection_->response.status;
    return engine_.recorder.record(call_, nullptr);
  }

  http::Task<void> relay() {
    auto& connection = *connection_;
    http::BodyReader body{connection.stream, connection.buffer};
    body.begin(connection.response.framing, connection.response.content_length);
    if (auto readable = check_encoding(); !readable) {
      co_await answer_refusal(engine_, call_, exchange_, std::move(readable.error()));
      co_return;
    }
    const auto form = ToolListFilter::form_of(call_, connection.response);
    if (form) tool_list_.emplace(call_, *form);
    if (form == ToolListFilter::Form::json) {
      co_await relay_list(body);
      co_return;
    }
    auto start = response_start();
    // What is taken out of a stream makes it shorter.
    if (form) start.content_length.reset();
    auto piece = body.next_buffered();
    call_.bytes_out = piece.data.size();
    bool last = piece.status == http::BodyReader::Status::last;
    bool sound = piece.status != http::BodyReader::Status::malformed;
    if (!sound) {
      co_await answer_refusal(engine_, call_, exchange_, broken_upstream(call_, connection, true).error());
      co_return;
    }
    if (last && !record()) {
      co_await answer_refusal(engine_, call_, exchange_,
                              refuse(internal, "the call could not be recorded, so its answer is withheld").error());
      co_return;
    }
    auto shown = filtered(piece.data, last);
    if (!shown) {
      co_await answer_refusal(engine_, call_, exchange_, std::move(shown.error()));
      co_return;
    }
    bool there = co_await exchange_.send_head(start, *shown, last && body.trailers().empty());
    if (last && !body.trailers().empty()) {
      write_trailers(connection_->fields, call_, body.trailers());
      there = there && co_await exchange_.send_body({}, true, connection_->fields);
    }
    while (there && !last) {
      if (!call_.mcp || !call_.mcp->listens) connection.arm(call_.tool->timeout);
      exchange_.on_gone = [this] {
        gone_ = true;
        connection_->close();
      };
      piece = co_await body.next();
      exchange_.on_gone = nullptr;
      connection.disarm();
      sound = piece.status == http::BodyReader::Status::more || piece.status == http::BodyReader::Status::last;
      if (!sound) break;
      last = piece.status == http::BodyReader::Status::last;
      call_.bytes_out += piece.data.size();
      shown = filtered(piece.data, last);
      sound = shown.has_value();
      if (!sound) {
        call_.cut_short = shown.error().code;
        break;
      }
      if (last && !record()) {
        sound = false;
        break;
      }
      if (last) write_trailers(connection_->fields, call_, body.trailers());
      there = co_await exchange_.send_body(*shown, last, last ? connection_->fields : no_fields_);
    }
    if (!there || !sound) {
      if (!sound && !last && !gone_ && !call_.cut_short) {
        call_.cut_short = broken_upstream(call_, connection, true).error().code;
      }
      exchange_.abort();
      record_broken();
      co_return;
    }
    release(body);
  }

  /// A list of tools goes on whole, with what policy never allows taken out.
  http::Task<void> relay_list(http::BodyReader& body) {
    auto& connection = *connection_;
    exchange_.on_gone = [this] {
      gone_ = true;
      connection_->close();
    };
    std::expected<std::string_view, Refusal> list;
    for (bool last = false; list && !last;) {
      connection.arm(call_.tool->timeout);
      const auto piece = co_await body.next();
      connection.disarm();
      last = piece.status == http::BodyReader::Status::last;
      if (last || piece.status == http::BodyReader::Status::more) {
        list = filtered(piece.data, last);
      } else {
        list = broken_upstream(call_, connection, true);
      }
    }
    exchange_.on_gone = nullptr;
    if (list) call_.bytes_out = list->size();
    if (list && !record()) list = refuse(internal, "the call could not be recorded, so its answer is withheld");
    if (!list) {
      co_await answer_refusal(engine_, call_, exchange_, std::move(list.error()));
      co_return;
    }
    auto start = response_start();
    start.content_length = list->size();
    static_cast<void>(co_await exchange_.send_head(start, *list, true));
    release(body);
  }

  /// What is compressed cannot be looked into, and a tool that echoes the credential in it would give it away.
  Verdict check_encoding() {
    const bool scrubs = call_.credential && call_.credential->scrub && !call_.credential->scrub->empty();
    if (scrubs) scrubber_.emplace(call_.credential->scrub);
    if (connection_->response.framing == http::Framing::none) return pass();
    if (!scrubs && !ToolListFilter::form_of(call_, connection_->response)) return pass();
    for (const auto& field : connection_->response.fields) {
      if (!same_field(field.name, "content-encoding") || http::equal_ignoring_case(field.value, "identity")) continue;
      return refuse(upstream_protocol,
                    call_.upstream() + " sent an answer in the encoding " + std::string{field.value} +
                        ", although none was accepted, so " +
                        (scrubs ? "the credential cannot be kept out of it" : "its tools cannot be filtered"),
                    scrubs ? "scrub = false on the tool lets its answers through as they are" : "");
    }
    return pass();
  }

  std::string_view scrubbed(std::string_view piece, bool last) {
    return scrubber_ ? scrubber_->pass(piece, last) : piece;
  }

  /// What the agent is shown of a piece; valid until the next one.
  std::expected<std::string_view, Refusal> filtered(std::string_view piece, bool last) {
    if (!tool_list_) return scrubbed(piece, last);
    auto listed = tool_list_->pass(piece, last);
    if (!listed) return refuse(upstream_protocol, call_.upstream() + " sent " + listed.error());
    listed_ = std::move(*listed);
    return scrubbed(listed_, last);
  }

  std::string_view scrubbed_reason() {
    if (!scrubber_) return connection_->response.reason;
    reason_ = connection_->response.reason;
    call_.credential->scrub->scrub(reason_);
    return reason_;
  }

  ResponseStart response_start() {
    const auto& response = connection_->response;
    write_response_fields(connection_->fields, call_, response);
    ResponseStart start;
    start.status = response.status;
    start.reason = scrubbed_reason();
    start.fields = &connection_->fields;
    // A 204 has no content, and says nothing of its length either (RFC 9110, section 8.6).
    if (response.has_content_length && response.status != 204) start.content_length = response.content_length;
    start.has_body = response.framing != http::Framing::none;
    if (!start.has_body && call_.method() != "HEAD" && response.status >= 200 && response.status != 204 &&
        response.status != 304) {
      start.content_length = 0;
    }
    return start;
  }

  /// The response did not reach its end; what happened is on record all the same.
  void record_broken() {
    call_.status = connection_->response.status;
    static_cast<void>(engine_.recorder.record(call_, nullptr));
  }

  void release(http::BodyReader& body) {
    auto& connection = *connection_;
    const bool request_done = !pump_ || pump_->sent_all();
    if (!connection.response.keep_alive || !body.finished() || !request_done) return;
    body.done();
    // Bytes after the response's end belong to nothing that was asked for.
    if (!connection.buffer.empty()) return;
    engine_.upstreams.release(*call_.tool, std::move(connection_));
  }

  http::Task<void> tunnel() {
    write_response_fields(connection_->fields, call_, connection_->response);
    connection_->fields.append("Connection: Upgrade\r\nUpgrade: ").append(call_.head->upgrade).append("\r\n");
    call_.status = 101;
    if (co_await exchange_.send_interim(101, connection_->response.reason, connection_->fields)) {
      co_await run_tunnel(engine_, call_, exchange_, *connection_);
    }
    static_cast<void>(engine_.recorder.record(call_, nullptr));
  }

  http::Task<void> stop_pump() {
    if (!pump_) co_return;
    if (!pump_->ended()) {
      exchange_.stop_reading();
      if (connection_) connection_->close();
      co_await pump_->wait();
    }
  }

  Engine& engine_;
  Call& call_;
  Exchange& exchange_;
  RequestFraming framing_;
  Connection connection_;
  std::shared_ptr<BodyPump> pump_;
  std::optional<std::string_view> first_body_;
  std::optional<Scrubber> scrubber_;
  std::optional<ToolListFilter> tool_list_;
  std::string listed_;
  std::string reason_;
  const std::string no_fields_;
  bool may_retry_ = false;
  bool gone_ = false;
};

}  // namespace

http::Task<void> forward(Engine& engine, Call& call, Exchange& exchange) {
  Forwarding forwarding{engine, call, exchange};
  co_await forwarding.run();
}

}  // namespace runagents::egress
