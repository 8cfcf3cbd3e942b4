#include <boost/asio/post.hpp>

#include "runner/egress/deadline.hpp"
#include "runner/egress/fields.hpp"
#include "runner/egress/grpc_answer.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/egress/request_head.hpp"
#include "runner/egress/sending.hpp"
#include "runner/egress/tool_list_filter.hpp"
#include "runner/egress/tunnel.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

/// One call's way to the tool and back.
class Forwarding {
 public:
  Forwarding(Engine& engine, Call& call, Exchange& exchange) : engine_{engine}, call_{call}, exchange_{exchange} {}

  http::Task<void> run() {
    auto answered = co_await sending_.run();
    if (answered && upstream().response.status == 101) {
      co_await tunnel(*upstream().own_connection());
    } else if (answered) {
      answered = co_await relay();
    }
    if (!answered) co_await answer_refusal(engine_, call_, exchange_, std::move(answered.error()));
    if (sending_.is_sending()) co_await sending_.stop();
  }

 private:
  http::ClientExchange& upstream() { return sending_.upstream(); }

  /// Everything is on its way but the end: now the call is recorded, or the response stays without an end.
  bool record(audit::Journal::Write write = audit::Journal::Write::at_once) {
    call_.status = upstream().response.status;
    note_grpc_status();
    return engine_.recorder.record(call_, nullptr, write);
  }

  /// The same in one write for all calls that have come as far by now: whoever goes on first writes for the others.
  http::Task<bool> record_with_others() {
    if (!record(audit::Journal::Write::with_others)) co_return false;
    static_cast<void>(co_await http::asio::post(engine_.context.get_executor(), http::by_value));
    co_return engine_.recorder.flush();
  }

  /// In trailers; of an answer without a body in its head.
  void note_grpc_status() {
    if (!call_.grpc) return;
    call_.grpc->status = find_grpc_status(upstream().trailers());
    if (!call_.grpc->status) call_.grpc->status = find_grpc_status(upstream().response.fields);
  }

  /// What the agent is answered; a refusal, as long as it has got nothing yet.
  http::Task<Verdict> relay() {
    if (auto readable = check_encoding(); !readable) co_return readable;
    const auto form = ToolListFilter::form_of(call_, upstream().response);
    if (form) tool_list_.emplace(call_, *form);
    if (form == ToolListFilter::Form::json) {
      auto listed = co_await relay_list();
      co_return listed;
    }
    const auto start = response_start();
    const auto piece = upstream().next_buffered();
    call_.bytes_out = piece.data.size();
    const bool last = piece.status == http::BodyReader::Status::last;
    if (piece.status == http::BodyReader::Status::malformed) co_return sending_.broken(true);
    if (last && !(engine_.recorder.has_others() ? co_await record_with_others() : record())) co_return not_recorded();
    auto shown = filtered(piece.data, last);
    if (!shown) co_return std::unexpected(std::move(shown.error()));
    const bool has_trailers = last && !upstream().trailers().empty();
    bool there = co_await exchange_.send_head(start, *shown, last && !has_trailers);
    if (has_trailers) {
      write_trailers(upstream().fields, call_, upstream().trailers());
      there = there && co_await exchange_.send_body({}, true, upstream().fields);
    }
    if (there && last) {
      sending_.release();
    } else if (there) {
      co_await relay_rest();
    } else {
      break_off();
    }
    co_return pass();
  }

  /// The pieces after the first one.
  http::Task<void> relay_rest() {
    auto& upstream = sending_.upstream();
    bool there = true;
    bool sound = true;
    bool last = false;
    while (there && !last) {
      if (!call_.mcp || !call_.mcp->listens) upstream.arm(call_.tool->timeout);
      sending_.watch_agent();
      const auto piece = co_await upstream.next();
      sending_.ignore_agent();
      upstream.disarm();
      sound = piece.status == http::BodyReader::Status::more || piece.status == http::BodyReader::Status::last;
      if (!sound) break;
      last = piece.status == http::BodyReader::Status::last;
      call_.bytes_out += piece.data.size();
      const auto shown = filtered(piece.data, last);
      sound = shown.has_value();
      if (!sound) {
        call_.cut_short = shown.error().code;
        break;
      }
      if (last && !record()) {
        sound = false;
        break;
      }
      if (last) write_trailers(upstream.fields, call_, upstream.trailers());
      there = co_await exchange_.send_body(*shown, last, last ? upstream.fields : no_fields_);
    }
    if (there && sound) {
      sending_.release();
      co_return;
    }
    if (!sound && !last && !sending_.is_agent_gone() && !call_.cut_short) {
      call_.cut_short = sending_.broken(true).error().code;
    }
    if (there && is_late(call_)) {
      co_await end_late();
    } else {
      break_off();
    }
  }

  static std::unexpected<Refusal> not_recorded() {
    return refuse(internal, "the call could not be recorded, so its answer is withheld");
  }

  /// The agent sees that the response has not come to its end, and the record says what came.
  void break_off() {
    exchange_.abort();
    call_.status = upstream().response.status;
    static_cast<void>(engine_.recorder.record(call_, nullptr));
  }

  /// A list of tools goes on whole, with what policy never allows taken out.
  http::Task<Verdict> relay_list() {
    auto& upstream = sending_.upstream();
    auto start = response_start();
    sending_.watch_agent();
    std::expected<std::string_view, Refusal> list;
    for (bool last = false; list && !last;) {
      upstream.arm(call_.tool->timeout);
      const auto piece = co_await upstream.next();
      upstream.disarm();
      last = piece.status == http::BodyReader::Status::last;
      if (last || piece.status == http::BodyReader::Status::more) {
        list = filtered(piece.data, last);
      } else {
        list = sending_.broken(true);
      }
    }
    sending_.ignore_agent();
    if (list) call_.bytes_out = list->size();
    if (list && !record()) list = not_recorded();
    if (!list) co_return std::unexpected(std::move(list.error()));
    start.content_length = list->size();
    static_cast<void>(co_await exchange_.send_head(start, *list, true));
    sending_.release();
    co_return pass();
  }

  /// What is compressed cannot be looked into, and a tool that echoes the credential in it would give it away.
  Verdict check_encoding() {
    const bool scrubs = call_.credential && call_.credential->scrub && !call_.credential->scrub->empty();
    if (scrubs) scrubber_.emplace(call_.credential->scrub);
    if (upstream().response.framing == http::Framing::none) return pass();
    if (!scrubs && !ToolListFilter::form_of(call_, upstream().response)) return pass();
    for (const auto& field : upstream().response.fields) {
      const bool encodes =
          same_field(field.name, "content-encoding") || (call_.grpc && same_field(field.name, "grpc-encoding"));
      if (!encodes || http::equal_ignoring_case(field.value, "identity")) continue;
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
    reason_ = upstream().response.reason;
    if (scrubber_) call_.credential->scrub->scrub(reason_);
    return reason_;
  }

  /// Before the body is read, which takes the place of the head.
  ResponseStart response_start() {
    const auto& response = upstream().response;
    write_response_fields(upstream().fields, call_, response);
    ResponseStart start;
    start.status = response.status;
    start.reason = scrubbed_reason();
    start.fields = &upstream().fields;
    // A 204 has no content, and says nothing of its length either (RFC 9110, section 8.6).
    // What is taken out of a list makes it shorter.
    if (response.has_content_length && response.status != 204 && !tool_list_) {
      start.content_length = response.content_length;
    }
    start.has_body = response.framing != http::Framing::none;
    if (!start.has_body && call_.method() != "HEAD" && response.status >= 200 && response.status != 204 &&
        response.status != 304) {
      start.content_length = 0;
    }
    return start;
  }

  /// What has come is all there is; the status says why.
  http::Task<void> end_late() {
    const auto refusal = too_late().error();
    call_.cut_short = refusal.code;
    call_.status = upstream().response.status;
    call_.grpc->status = grpc_status_of(refusal.code);
    static_cast<void>(engine_.recorder.record(call_, nullptr));
    static_cast<void>(co_await exchange_.send_body({}, true, grpc_status_lines(refusal)));
  }

  /// Only what has a connection to itself switches protocols.
  http::Task<void> tunnel(UpstreamConnection& connection) {
    write_response_fields(upstream().fields, call_, upstream().response);
    upstream().fields.append("Connection: Upgrade\r\nUpgrade: ").append(call_.head->upgrade).append("\r\n");
    call_.status = 101;
    if (co_await exchange_.send_interim(101, upstream().response.reason, upstream().fields)) {
      co_await run_tunnel(engine_, call_, exchange_, connection);
    }
    static_cast<void>(engine_.recorder.record(call_, nullptr));
  }

  Engine& engine_;
  Call& call_;
  Exchange& exchange_;
  Sending sending_{engine_, call_, exchange_};
  std::optional<Scrubber> scrubber_;
  std::optional<ToolListFilter> tool_list_;
  std::string listed_;
  std::string reason_;
  const std::string no_fields_;
};

}  // namespace

http::Task<void> forward(Engine& engine, Call& call, Exchange& exchange) {
  Forwarding forwarding{engine, call, exchange};
  co_await forwarding.run();
}

}  // namespace runagents::egress
