#include "runner/tool_call.hpp"

#include <algorithm>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>

#include "core/http/field_lines.hpp"
#include "runner/egress/aws_credential.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/running.hpp"

namespace runagents {
namespace {

constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;

/// The agent's side of a call without a connection: the request stands in memory, the answer is gathered there.
class MemoryExchange final : public egress::Exchange {
 public:
  MemoryExchange(http::asio::io_context& context, std::string body)
      : request_body_{std::move(body)}, no_stream_{http::Socket{context}} {}

  [[nodiscard]] bool body_is_here() const override { return true; }
  [[nodiscard]] http::Task<bool> gather_small_body() override { co_return true; }
  [[nodiscard]] http::Task<http::BodyReader::Piece> read_body() override {
    co_return http::BodyReader::Piece{http::BodyReader::Status::last, request_body_, {}};
  }
  [[nodiscard]] const std::vector<http::Field>& request_trailers() const override { return no_trailers_; }
  [[nodiscard]] http::Task<std::optional<std::string>> read_whole_body(std::size_t limit) override {
    if (request_body_.size() > limit) co_return std::nullopt;
    co_return request_body_;
  }
  void stop_reading() override {}

  [[nodiscard]] http::Task<bool> send_interim(int /*status*/, std::string_view /*reason*/,
                                              const std::string& /*fields*/) override {
    co_return true;
  }
  [[nodiscard]] http::Task<bool> send_head(const egress::ResponseStart& start, std::string_view body,
                                           bool /*last*/) override {
    answer.status = start.status;
    add_fields(*start.fields);
    co_return take(body);
  }
  [[nodiscard]] http::Task<bool> send_body(std::string_view body, bool /*last*/,
                                           const std::string& /*trailers*/) override {
    co_return take(body);
  }
  void abort() override { aborted = true; }
  void end() override {}
  [[nodiscard]] bool has_early_bytes() const override { return false; }
  [[nodiscard]] http::Task<bool> open_tunnel() override { co_return false; }
  [[nodiscard]] http::ByteChannel& tunnel() override { return no_stream_; }
  [[nodiscard]] std::string take_tunnel_bytes() override { return {}; }

  ToolAnswer answer;
  bool aborted = false;
  bool too_large = false;

 private:
  bool take(std::string_view body) {
    too_large = answer.body.size() + body.size() > max_answer_bytes;
    if (!too_large) answer.body.append(body);
    return !too_large;
  }

  void add_fields(std::string_view lines) {
    while (!lines.empty()) {
      const auto field = http::field_of(http::take_line(lines));
      answer.headers.emplace_back(field.name, field.value);
    }
  }

  std::string request_body_;
  std::vector<http::Field> no_trailers_;
  http::Stream no_stream_;
};

/// The request as bytes, so that the one parser decides whether it is sound.
std::string request_text(const ToolCall& call, const std::string& authority, const std::string& base_path) {
  std::string text = call.method + " " + base_path + call.path + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  for (const auto& [name, value] : call.headers) text.append(name).append(": ").append(value).append("\r\n");
  if (!call.body.empty()) text.append("Content-Length: ").append(std::to_string(call.body.size())).append("\r\n");
  return text + "\r\n";
}

bool says_refused(const ToolAnswer& answer) {
  return std::ranges::any_of(answer.headers, [](const auto& header) { return header.first == "Proxy-Status"; });
}

/// Only this tool's door opens.
Result<RunOptions> narrowed(const RunOptions& options, const ToolCall& call) {
  if (options.project.tool(call.tool) == nullptr) {
    return fail(ErrorCode::not_found, "the project has no tool \"" + call.tool + "\"");
  }
  RunOptions narrow = options;
  narrow.project.agent.tools = {call.tool};
  narrow.project.agent.command = {"runagents", "tools", "call", call.tool, call.method, call.path};
  return narrow;
}

}  // namespace

Result<ToolAnswer> Running::call_once(const ToolCall& call) {
  const auto& [tool, url] = door_urls_.tools.front();
  egress::Arrival arrival;
  arrival.door = egress::Door::alias;
  arrival.tool = tool;
  arrival.authority = url.substr(7, url.find('/', 7) - 7);
  arrival.peer = egress::Peer{::getpid(), "runagents"};
  const auto text = request_text(call, arrival.authority, tool->base_url.path);
  http::RequestHead head;
  const auto parsed = http::parse_request_head(text, {}, head);
  if (!parsed || *parsed != text.size()) {
    return fail(ErrorCode::usage,
                "this is not a request that HTTP/1.1 can carry" +
                    (parsed ? std::string{} : ": " + std::string{parsed.error().message}),
                "check the method, the path and the headers");
  }
  egress::Call made;
  made.reset(arrival);
  made.head = &head;
  MemoryExchange exchange{loop_, call.body};
  loop_.restart();
  http::asio::co_spawn(loop_, egress::handle(*engine_, made, exchange),
                       [this](const std::exception_ptr&) { loop_.stop(); });
  loop_.run();
  if (exchange.too_large) return fail(ErrorCode::internal, "the answer is larger than 64 MiB");
  if (exchange.aborted) return fail(ErrorCode::unavailable, "the tool's answer ended before it was complete");
  exchange.answer.run_id = run_id_;
  exchange.answer.refused = says_refused(exchange.answer);
  return std::move(exchange.answer);
}

Result<ToolAnswer> Running::call_all(ToolCall call, const NextCall& next) {
  aws_ = egress::read_aws_ahead(snapshot_->evaluator.upstreams(), inherited_environment(), false);
  wire();
  auto answer = call_once(call);
  for (auto more = answer && next ? next(*answer) : std::nullopt; more; more = answer ? next(*answer) : std::nullopt) {
    answer = call_once(*more);
  }
  join_workers();
  const bool is_no_request = !answer && answer.error().code == ErrorCode::usage;
  if (is_no_request) {
    close_record({model::RunStatus::failed, 2, "not a request"});
  } else {
    close_record({answer ? model::RunStatus::completed : model::RunStatus::failed, 0, {}});
  }
  return answer;
}

Result<ToolAnswer> call_tool(const RunOptions& options, const RunPlanes& planes, const ToolCall& call,
                             const NextCall& next) {
  const auto narrow = narrowed(options, call);
  if (!narrow) return std::unexpected(narrow.error());
  auto running = Running::prepare(*narrow, planes);
  if (!running) return std::unexpected(running.error());
  return (*running)->call_all(call, next);
}

}  // namespace runagents
