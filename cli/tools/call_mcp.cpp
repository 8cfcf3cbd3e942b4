#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/run/planes.hpp"
#include "cli/tools/call.hpp"
#include "cli/tools/tool_arguments.hpp"
#include "core/api/client.hpp"
#include "core/ascii.hpp"
#include "core/mcp/event_stream.hpp"
#include "core/mcp/post.hpp"
#include "core/mcp/protocol_version.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using mcp::ProtocolVersion;

constexpr std::size_t max_event_bytes = std::size_t{64} << 20U;
constexpr auto with_sessions = ProtocolVersion::v2025_11_25;
constexpr auto without_sessions = ProtocolVersion::v2026_07_28;

std::string field_of(const ToolAnswer& answer, std::string_view name) {
  const auto found = std::ranges::find(answer.headers, name, [](const auto& one) { return lowered(one.first); });
  return found == answer.headers.end() ? std::string{} : found->second;
}

/// The response to a request, which stands alone or in a stream of events; null when there is none.
Json response_in(const ToolAnswer& answer, int id) {
  const auto is_response = [id](const Json& one) {
    return one.is_object() && !one.contains("method") && one.value("id", Json{}) == id;
  };
  if (!field_of(answer, "content-type").starts_with("text/event-stream")) {
    auto json = Json::parse(answer.body, nullptr, false);
    return is_response(json) ? json : Json{};
  }
  mcp::EventStreamReader reader{max_event_bytes};
  std::vector<mcp::ServerEvent> events;
  static_cast<void>(reader.feed(answer.body, events));
  for (const auto& event : events) {
    auto json = Json::parse(event.data, nullptr, false);
    if (is_response(json)) return json;
  }
  return {};
}

/// What is said to the server, step by step. The protocol without sessions is for servers that know no other.
class Dialogue {
 public:
  Dialogue(const ToolsCall& options, Json arguments) : options_{options}, arguments_{std::move(arguments)} {}

  [[nodiscard]] ToolCall first() const {
    const Json params = {
        {"protocolVersion", word(with_sessions)}, {"capabilities", Json::object()}, {"clientInfo", client_info()}};
    return post({{"jsonrpc", "2.0"}, {"id", 0}, {"method", "initialize"}, {"params", params}}, {});
  }

  std::optional<ToolCall> next(const ToolAnswer& answer) {
    if (answer.refused && step_ < Step::called) {
      result_ = answer;
      return std::nullopt;
    }
    switch (std::exchange(step_, after(step_))) {
      case Step::initialize:
        return begin(answer);
      case Step::initialized:
        return call();
      case Step::called:
        result_ = answer;
        if (session_.empty()) return std::nullopt;
        return ToolCall{.tool = options_.name, .method = "DELETE", .path = {}, .headers = session_fields(), .body = {}};
      case Step::ended:
        break;
    }
    return std::nullopt;
  }

  /// The answer to the call.
  [[nodiscard]] const std::optional<ToolAnswer>& result() const { return result_; }
  static constexpr int call_id = 1;

 private:
  enum class Step { initialize, initialized, called, ended };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  static Step after(Step step) { return step == Step::ended ? step : static_cast<Step>(static_cast<int>(step) + 1); }
  static Json client_info() { return {{"name", "runagents"}, {"version", RUNAGENTS_VERSION}}; }

  std::optional<ToolCall> begin(const ToolAnswer& answer) {
    const auto response = response_in(answer, 0);
    if (!response.is_object() || !response.contains("result")) {
      step_ = Step::called;
      version_ = word(without_sessions);
      return call();
    }
    session_ = field_of(answer, "mcp-session-id");
    version_ = api::text_of(response["result"], "protocolVersion");
    return post({{"jsonrpc", "2.0"}, {"method", "notifications/initialized"}}, session_fields());
  }

  [[nodiscard]] std::optional<ToolCall> call() const {
    Json params = {{"name", options_.method}, {"arguments", arguments_}};
    auto fields = session_fields();
    const auto version = mcp::protocol_version(version_);
    if (version && mcp::is_modern(*version)) {
      params["_meta"] = {{"io.modelcontextprotocol/protocolVersion", version_},
                         {"io.modelcontextprotocol/clientCapabilities", Json::object()},
                         {"io.modelcontextprotocol/clientInfo", client_info()}};
      fields.emplace_back("Mcp-Method", "tools/call");
      fields.emplace_back("Mcp-Name", mcp::encode_field_value(options_.method));
    }
    return post({{"jsonrpc", "2.0"}, {"id", call_id}, {"method", "tools/call"}, {"params", params}}, std::move(fields));
  }

  [[nodiscard]] Fields session_fields() const {
    Fields fields;
    if (!version_.empty()) fields.emplace_back("MCP-Protocol-Version", version_);
    if (!session_.empty()) fields.emplace_back("Mcp-Session-Id", session_);
    return fields;
  }

  [[nodiscard]] ToolCall post(const Json& message, Fields fields) const {
    fields.emplace_back("Content-Type", "application/json");
    fields.emplace_back("Accept", "application/json, text/event-stream");
    return {
        .tool = options_.name, .method = "POST", .path = {}, .headers = std::move(fields), .body = api::dump(message)};
  }

  const ToolsCall& options_;
  Json arguments_;
  Step step_ = Step::initialize;
  std::string session_;
  std::string version_;
  std::optional<ToolAnswer> result_;
};

Outcome print_result(const Json& result, const ToolsCall& options, Context& context) {
  const auto text = tool_result_text(result);
  const output::Card card{.text = context.terminal.out_is_terminal ? output::printable_lines(text, "") : text,
                          .name = options.method,
                          .json = api::dump(result),
                          .is_quoted = true};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (!api::is_set(result, "isError")) return 0;
  context.terminal.err << "the tool answered with an error\n";
  return exit_code(ErrorCode::bad_outcome);
}

}  // namespace

Outcome call_mcp_tool(const ToolsCall& options, const RunOptions& run, Context& context) {
  auto arguments = tool_arguments(options.arguments, options.words, context);
  if (!arguments) return std::unexpected(std::move(arguments.error()));
  Dialogue dialogue{options, *std::move(arguments)};
  const auto planes = run_planes(run, context);
  if (!planes) return std::unexpected(planes.error());
  const auto last = runagents::call_tool(run, *planes, dialogue.first(),
                                         [&dialogue](const ToolAnswer& answer) { return dialogue.next(answer); });
  const auto& answer = dialogue.result();
  if (!answer) {
    return std::unexpected(last ? Error{ErrorCode::unavailable, "the MCP server gave no answer"} : last.error());
  }
  if (answer->refused) return std::unexpected(refusal_in(*answer));
  const auto response = response_in(*answer, Dialogue::call_id);
  if (response.is_object() && response.contains("result")) return print_result(response["result"], options, context);
  const auto error = response.is_object() && response.contains("error") ? response["error"] : Json{};
  const auto why = api::text_of(error, "message");
  return fail(ErrorCode::bad_outcome, why.empty()
                                          ? fmt::format("the MCP server answered with status {}", answer->status)
                                          : fmt::format("the MCP server answered: {}", why));
}

}  // namespace runagents::cli
