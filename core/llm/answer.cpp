#include "core/llm/answer.hpp"

#include <algorithm>
#include <utility>

#include "core/auth/strict_json.hpp"
#include "core/llm/answer_sinks.hpp"
#include "core/llm/answer_source.hpp"
#include "core/llm/embeddings.hpp"
#include "core/llm/native_answer.hpp"

namespace runagents::llm {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view stream_type = "text/event-stream";

bool is_success(int status) { return status >= 200 && status < 300; }

void read_whole(Api provider, std::string_view body, AnswerFlow& flow) {
  const auto answer = auth::read_strict_ordered_json(body, {.max_depth = max_answer_depth});
  if (!answer) return flow.fail_protocol(answer.error());
  switch (provider) {
    case Api::anthropic_messages:
      read_messages_answer(*answer, flow);
      break;
    case Api::bedrock_converse:
      read_converse_answer(*answer, flow);
      break;
    case Api::ollama_chat:
      read_ollama_answer(*answer, flow);
      break;
    default:
      read_chat_answer(*answer, flow);
  }
  flow.end();
}

}  // namespace

class AnswerTranslator::Impl {
 public:
  Impl(AnswerPlan plan, AnswerHead head, AnswerLimits limits)
      : plan_{std::move(plan)}, head_{std::move(head)}, limits_{limits}, status_{head_.status} {
    choose();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() = default;

  void feed(std::string_view bytes, std::string& out) {
    if (is_done()) return;
    switch (way_) {
      case Way::error:
        body_.append(bytes.substr(0, room(limits_.max_error_bytes + 1)));
        break;
      case Way::native_stream:
        native_->feed(bytes, out);
        break;
      case Way::native_body:
        native_body_->feed(bytes);
        out.append(bytes);
        break;
      case Way::stream:
        source_->feed(bytes);
        flush(out);
        break;
      case Way::collected:
        body_.append(bytes.substr(0, room(limits_.max_answer_bytes + 1)));
        if (body_.size() > limits_.max_answer_bytes) {
          fail({.status = 502,
                .message = "the provider's answer is too large",
                .code = "upstream_protocol",
                .field = {}},
               out);
        }
        break;
    }
  }

  void finish(std::string& out) {
    if (is_done()) return;
    switch (way_) {
      case Way::error:
        finish_error(out);
        break;
      case Way::native_stream:
        native_->finish(out);
        break;
      case Way::native_body:
        usage_ = native_body_->usage();
        break;
      case Way::stream:
        source_->finish();
        flush(out);
        break;
      case Way::collected:
        finish_collected(out);
        break;
    }
    is_finished_ = true;
  }

  void fail(const Problem& problem, std::string& out) {
    if (is_done()) return;
    if (way_ == Way::native_stream) {
      native_->fail(problem, out);
    } else if (sink_) {
      flow_->fail(problem);
      flush(out);
    } else {
      if (is_whole()) report(problem, out);
      problem_ = problem;
    }
    is_finished_ = true;
  }

  [[nodiscard]] bool is_whole() const noexcept { return way_ == Way::error || (way_ == Way::collected && !sink_); }
  [[nodiscard]] bool is_done() const noexcept {
    return is_finished_ || (native_ && native_->is_done()) || (flow_ && flow_->is_done());
  }
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }
  [[nodiscard]] const Problem* problem() const noexcept {
    if (native_ && native_->problem()) return &*native_->problem();
    if (sink_ && flow_->problem()) return &*flow_->problem();
    return problem_ ? &*problem_ : nullptr;
  }
  [[nodiscard]] const Usage& usage() const noexcept {
    if (native_) return native_->usage();
    return flow_ ? flow_->usage() : usage_;
  }

 private:
  /// What becomes of the provider's body.
  enum class Way {
    error,          ///< kept: it tells an error
    native_stream,  ///< passes event by event
    native_body,    ///< passes piece by piece
    stream,         ///< is translated event by event
    collected,      ///< is kept and translated at its end
  };

  void choose() {
    const bool is_json = head_.content_type.starts_with(json_type);
    content_type_ = plan_.is_native() ? std::string_view{head_.content_type} : json_type;
    if (!is_success(head_.status)) {
      way_ = Way::error;
    } else if (plan_.is_native()) {
      way_ = plan_.stream && !is_json ? Way::native_stream : Way::native_body;
      if (way_ == Way::native_stream) native_.emplace(plan_, limits_.max_event_bytes);
      if (way_ == Way::native_body) native_body_.emplace(plan_.provider);
    } else {
      // A provider may answer as a whole though it was asked for a stream.
      way_ = plan_.stream && !is_json ? Way::stream : Way::collected;
      if (plan_.stream) open_stream();
    }
  }

  void open_stream() {
    content_type_ = stream_type;
    sink_ = make_stream(plan_, head_.created, limits_.max_kept_bytes, pending_);
    flow_.emplace(*sink_, head_.id, plan_.model, limits_.max_blocks);
    if (way_ == Way::stream) source_ = make_source(plan_.provider, *flow_, limits_.max_event_bytes);
  }

  void flush(std::string& out) {
    out.append(pending_);
    pending_.clear();
  }

  [[nodiscard]] std::size_t room(std::size_t most) const noexcept { return most - std::min(most, body_.size()); }

  void report(const Problem& problem, std::string& out) {
    problem_ = problem;
    status_ = problem_->status;
    content_type_ = json_type;
    out.append(problem_body(plan_.caller, *problem_));
  }

  void finish_error(std::string& out) {
    const auto problem = provider_problem(head_.status, body_);
    // The provider's own words fit a caller of its API, as long as they are not about the gateway's credential.
    const bool is_own = plan_.is_native() && problem.code != unauthorized_code &&
                        body_.size() <= limits_.max_error_bytes && head_.content_type.starts_with(json_type);
    if (!is_own) return report(problem, out);
    problem_ = problem;
    out.append(body_);
  }

  void finish_collected(std::string& out) {
    if (sink_) {
      read_whole(plan_.provider, body_, *flow_);
      return flush(out);
    }
    if (plan_.provider == Api::ollama_embed) return finish_embeddings(out);
    WholeAnswer answer;
    AnswerFlow flow{answer, head_.id, plan_.model, limits_.max_blocks};
    read_whole(plan_.provider, body_, flow);
    usage_ = flow.usage();
    if (flow.problem()) return report(*flow.problem(), out);
    out.append(whole_body(plan_, answer, head_.created));
  }

  void finish_embeddings(std::string& out) {
    const auto body = translate_embeddings(body_, plan_.model, plan_.base64_embeddings, usage_);
    if (!body) return report(body.error(), out);
    out.append(*body);
  }

  AnswerPlan plan_;
  AnswerHead head_;
  AnswerLimits limits_;
  Way way_ = Way::error;
  int status_;
  std::string_view content_type_;
  bool is_finished_ = false;
  std::string body_;     ///< what is kept
  std::string pending_;  ///< what the sink has written and nobody has taken
  std::optional<NativeStream> native_;
  std::optional<NativeBody> native_body_;
  std::unique_ptr<AnswerSink> sink_;
  std::optional<AnswerFlow> flow_;
  std::unique_ptr<AnswerSource> source_;
  std::optional<Problem> problem_;
  Usage usage_;
};

AnswerTranslator::AnswerTranslator(AnswerPlan plan, AnswerHead head, AnswerLimits limits)
    : impl_{std::make_unique<Impl>(std::move(plan), std::move(head), limits)} {}
AnswerTranslator::~AnswerTranslator() = default;
AnswerTranslator::AnswerTranslator(AnswerTranslator&&) noexcept = default;
AnswerTranslator& AnswerTranslator::operator=(AnswerTranslator&&) noexcept = default;

bool AnswerTranslator::is_whole() const noexcept { return impl_->is_whole(); }
int AnswerTranslator::status() const noexcept { return impl_->status(); }
std::string_view AnswerTranslator::content_type() const noexcept { return impl_->content_type(); }
void AnswerTranslator::feed(std::string_view bytes, std::string& out) { impl_->feed(bytes, out); }
void AnswerTranslator::finish(std::string& out) { impl_->finish(out); }
void AnswerTranslator::fail(const Problem& problem, std::string& out) { impl_->fail(problem, out); }
bool AnswerTranslator::is_done() const noexcept { return impl_->is_done(); }
const Problem* AnswerTranslator::problem() const noexcept { return impl_->problem(); }
const Usage& AnswerTranslator::usage() const noexcept { return impl_->usage(); }

}  // namespace runagents::llm
