#include "runner/gateway/answering.hpp"

#include <algorithm>
#include <chrono>

#include "core/llm/answer.hpp"
#include "runner/egress/fields.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/egress/sending.hpp"
#include "runner/gateway/refusal_body.hpp"
#include "runner/gateway/spending.hpp"

namespace runagents::gateway {
namespace {

using enum model::RefusalCode;
using egress::Refusal;
using Failed = std::optional<Refusal>;

constexpr int first_error = 400;
constexpr int first_server_error = 500;
constexpr int too_many_requests = 429;

bool may_do_better(int status) { return status == too_many_requests || status >= first_server_error; }

bool may_do_better(model::RefusalCode code) {
  return code == upstream_unreachable || code == upstream_tls || code == upstream_timeout || code == upstream_protocol;
}

std::string field(const http::ResponseHead& response, std::string_view name) {
  const auto found = std::ranges::find_if(
      response.fields, [name](const http::Field& one) { return egress::same_field(one.name, name); });
  return found == response.fields.end() ? std::string{} : std::string{found->value};
}

llm::AnswerHead head_of(const egress::Call& call, const http::ResponseHead& response) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return {.status = response.status,
          .content_type = field(response, "content-type"),
          .created = now.time_since_epoch().count(),
          .id = call.request_id};
}

class Relay {
 public:
  Relay(egress::Engine& engine, egress::Call& call, egress::Exchange& exchange)
      : engine_{engine}, call_{call}, exchange_{exchange} {}

  http::Task<Failed> run() {
    if (call_.inference->route()->provider->record_bodies && !engine_.recorder.expect_bodies(call_)) {
      co_await answer_refusal(
          engine_, call_, exchange_,
          egress::refuse(internal, "calls cannot be recorded any more, so none is forwarded").error());
      co_return std::nullopt;
    }
    auto answered = co_await sending_.run();
    if (!answered) {
      auto refusal = std::move(answered.error());
      if (may_do_better(refusal.code) && leaves_to_next()) co_return give_up(std::move(refusal), 0);
      co_await answer_refusal(engine_, call_, exchange_, std::move(refusal));
      co_return std::nullopt;
    }
    const auto& response = sending_.upstream().response;
    if (may_do_better(response.status) && leaves_to_next()) {
      co_return give_up(status_refusal(response.status), response.status);
    }
    if (const auto encoding = field(response, "content-encoding"); !encoding.empty() && encoding != "identity") {
      co_await answer_refusal(engine_, call_, exchange_,
                              egress::refuse(upstream_protocol, call_.upstream() + " sent an answer in the encoding " +
                                                                    encoding + ", although none was accepted")
                                  .error());
      co_return std::nullopt;
    }
    translator_.emplace(*call_.inference->plan, head_of(call_, response));
    if (call_.credential && call_.credential->scrub && !call_.credential->scrub->empty()) {
      scrubber_.emplace(call_.credential->scrub);
    }
    // The head stands in the buffer into which the body is read.
    egress::write_response_fields(fields_, call_, response);
    retry_after_ = field(response, "retry-after");
    auto failed = co_await relay();
    co_return failed;
  }

 private:
  [[nodiscard]] bool leaves_to_next() const { return call_.inference->has_next() && !sending_.is_agent_gone(); }

  [[nodiscard]] Refusal status_refusal(int status) const {
    return egress::refuse(upstream_unreachable, call_.upstream() + " answered " + std::to_string(status)).error();
  }

  /// The attempt is on record by itself, with the provider's status if it gave one; the connection is not worth
  /// keeping.
  Refusal give_up(Refusal refusal, int status) {
    call_.status = status != 0 ? status : model::traits(refusal.code).status;
    call_.cut_short = refusal.code;
    settle(engine_, call_, false);
    static_cast<void>(engine_.recorder.record(call_, nullptr));
    return refusal;
  }

  /// Piece by piece; the next one is read when the last one has been taken, so that a slow agent slows the provider.
  http::Task<Failed> relay() {
    auto& upstream = sending_.upstream();
    auto piece = upstream.next_buffered();
    for (;;) {
      out_.clear();
      const bool sound = take(piece);
      const bool last = !sound || piece.status == http::BodyReader::Status::last;
      if (!begun_ && has_failed_as_a_whole() && leaves_to_next()) {
        co_return give_up(problem_refusal(), translator_->problem()->status);
      }
      if (last && !finish(sound)) {
        co_await withhold();
        co_return std::nullopt;
      }
      if (!last) keep();
      // Nothing tells an agent that a body which is no stream ends too early, but that it does not end.
      if (!sound && begun_ && out_.empty()) {
        exchange_.abort();
        co_return std::nullopt;
      }
      const bool there = co_await pass_on(last);
      if (last || !there) {
        if (!last) record_departure();
        if (sound && last && there) sending_.release();
        co_return std::nullopt;
      }
      upstream.arm(call_.tool->timeout);
      sending_.watch_agent();
      piece = co_await upstream.next();
      sending_.ignore_agent();
      upstream.disarm();
    }
  }

  /// False: the answer ends here, and not as it should.
  bool take(const http::BodyReader::Piece& piece) {
    using enum http::BodyReader::Status;
    const bool is_last = piece.status == last;
    if (piece.status != more && !is_last) {
      auto refusal = sending_.broken(piece.status == malformed).error();
      call_.cut_short = refusal.code;
      translator_->fail(problem_of(refusal), out_);
      return false;
    }
    const auto bytes = scrubber_ ? scrubber_->pass(piece.data, is_last) : piece.data;
    translator_->feed(bytes, out_);
    if (is_last) translator_->finish(out_);
    return true;
  }

  /// Of a stream of which nothing has been sent; what it began with and its error event need not be.
  [[nodiscard]] bool has_failed_as_a_whole() const {
    const auto* problem = translator_->problem();
    return problem != nullptr && !translator_->is_whole() && may_do_better(problem->status);
  }

  [[nodiscard]] Refusal problem_refusal() const {
    return egress::refuse(upstream_unreachable, call_.upstream() + " failed: " + translator_->problem()->message)
        .error();
  }

  /// Everything is on its way but the end: now the call is recorded, or the answer stays without an end.
  bool finish(bool sound) {
    if (!begun_ && out_.empty() && translator_->problem() != nullptr) {
      out_ = llm::problem_body(call_.inference->endpoint.api, *translator_->problem());
      status_ = translator_->problem()->status;
    }
    if (!sound && sending_.is_agent_gone()) call_.cut_short.reset();
    call_.bytes_out += out_.size();
    keep();
    account();
    return engine_.recorder.record(call_, nullptr);
  }

  void keep() {
    auto& bodies = call_.inference->bodies;
    if (!bodies.are_expected) return;
    bodies.response_type = translator_->content_type();
    bodies.add(out_);
  }

  /// An error costs nothing, unless it is the provider's word that it does.
  void account() {
    call_.inference->usage = translator_->usage();
    call_.status = status();
    settle(engine_, call_, call_.inference->usage.is_known || call_.status < first_error);
  }

  [[nodiscard]] int status() const { return status_ != 0 ? status_ : translator_->status(); }

  /// The agent left; what it got so far is on record.
  void record_departure() {
    account();
    static_cast<void>(engine_.recorder.record(call_, nullptr));
  }

  http::Task<void> withhold() {
    if (begun_) {
      exchange_.abort();
      co_return;
    }
    co_await answer_refusal(
        engine_, call_, exchange_,
        egress::refuse(internal, "the call could not be recorded, so its answer is withheld").error());
  }

  http::Task<bool> pass_on(bool last) {
    if (begun_) {
      if (out_.empty() && !last) co_return true;
      if (!last) call_.bytes_out += out_.size();
      const bool there = co_await exchange_.send_body(out_, last, no_fields_);
      co_return there;
    }
    if (out_.empty() && !last) co_return true;
    if (!last) call_.bytes_out += out_.size();
    begun_ = true;
    write_fields();
    egress::ResponseStart start;
    start.status = status();
    start.fields = &fields_;
    if (last) start.content_length = out_.size();
    const bool there = co_await exchange_.send_head(start, out_, last);
    co_return there;
  }

  /// Of a native answer all that the provider said; of a translated one what still means the same.
  void write_fields() {
    if (call_.inference->plan->is_native() && status_ == 0) return;
    fields_.assign("Content-Type: ");
    fields_.append(status_ != 0 ? std::string_view{"application/json"} : translator_->content_type()).append("\r\n");
    fields_.append("Cache-Control: no-store\r\nX-Request-Id: ").append(call_.request_id).append("\r\n");
    if (!retry_after_.empty()) fields_.append("Retry-After: ").append(retry_after_).append("\r\n");
  }

  egress::Engine& engine_;
  egress::Call& call_;
  egress::Exchange& exchange_;
  egress::Sending sending_{engine_, call_, exchange_};
  std::optional<llm::AnswerTranslator> translator_;
  std::optional<egress::Scrubber> scrubber_;
  std::string out_;
  std::string fields_;  ///< for the agent; those of the provider until they are sent
  std::string retry_after_;
  const std::string no_fields_;
  int status_ = 0;      ///< of an answer that is a problem of the gateway's making; 0: the translator's
  bool begun_ = false;  ///< the agent has got something
};

}  // namespace

http::Task<Failed> relay_answer(egress::Engine& engine, egress::Call& call, egress::Exchange& exchange) {
  Relay relay{engine, call, exchange};
  auto failed = co_await relay.run();
  co_return failed;
}

}  // namespace runagents::gateway
