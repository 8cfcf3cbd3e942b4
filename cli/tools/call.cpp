#include "cli/tools/call.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/project/project.hpp"
#include "cli/run/planes.hpp"
#include "cli/run/run.hpp"
#include "cli/text_input.hpp"
#include "cli/tools/tools.hpp"
#include "core/model/refusal_code.hpp"
#include "runner/tool_call.hpp"

namespace runagents::cli {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The kind of a refusal as an exit status: the agent could not have done better, or a person or a network could.
ErrorCode kind_of(const std::string& word) {
  const auto code = model::refusal_code(word);
  if (!code) return ErrorCode::internal;
  if (code == model::RefusalCode::approval_required || code == model::RefusalCode::consent_required) {
    return ErrorCode::needs_person;
  }
  const int status = model::traits(*code).status;
  if (status == 403) return ErrorCode::forbidden;
  return status >= 429 ? ErrorCode::unavailable : ErrorCode::usage;
}

}  // namespace

Error refusal_in(const ToolAnswer& answer) {
  const auto text = nlohmann::json::parse(answer.body, nullptr, false);
  if (!text.is_object()) return {ErrorCode::internal, fmt::format("refused with {}", answer.status), {}};
  // To a message of MCP the refusal is inside of the answer.
  const auto in_result = nlohmann::json::json_pointer{"/result/structuredContent"};
  const auto in_error = nlohmann::json::json_pointer{"/error/data"};
  const auto& body = text.contains(in_result) ? text[in_result] : text.contains(in_error) ? text[in_error] : text;
  if (!body.is_object()) return {ErrorCode::internal, fmt::format("refused with {}", answer.status), {}};
  const auto word = body.value("code", std::string{});
  return {kind_of(word), fmt::format("{}: {}", word, body.value("message", std::string{})),
          body.value("hint", std::string{})};
}

namespace {

/// What a call needs depends on the kind of its tool.
Result<void> check_kind(const ToolsCall& options, const model::Tool& tool) {
  const bool is_mcp = tool.kind == model::ToolKind::mcp;
  if (is_mcp && (!options.path.empty() || !options.data.empty())) {
    return fail(ErrorCode::usage, fmt::format("\"{}\" is of kind mcp: its tools take arguments", options.name),
                fmt::format("runagents tools call {} TOOL --arg NAME=VALUE", options.name));
  }
  if (!is_mcp && options.path.empty()) {
    return fail(ErrorCode::usage, "PATH is missing", fmt::format("runagents tools call {} GET /", options.name));
  }
  if (!is_mcp && (!options.words.empty() || !options.arguments.empty())) {
    return fail(ErrorCode::usage, "--arg and --arguments are for tools of kind mcp", "give a body with --data");
  }
  return {};
}

std::string json_of(const ToolAnswer& answer) {
  nlohmann::ordered_json object = {{"run_id", answer.run_id},
                                   {"status", answer.status},
                                   {"headers", nlohmann::ordered_json::array()},
                                   {"body", answer.body}};
  for (const auto& [name, value] : answer.headers) object["headers"].push_back({name, value});
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string text_of(const ToolAnswer& answer, bool with_head, const Terminal& terminal) {
  std::string text;
  if (with_head) {
    text = fmt::format("{}\n", answer.status);
    for (const auto& [name, value] : answer.headers) text += fmt::format("{}: {}\n", name, value);
    text += "\n";
  }
  text += answer.body;
  // Bytes go to a pipe as they came; a terminal must not be driven by what a tool answers.
  if (!terminal.out_is_terminal) return text;
  return output::printable_lines(text, "");
}

}  // namespace

Result<Headers> read_headers(const std::vector<std::string>& lines) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto is_token = [marks](unsigned char c) {
    return std::isalnum(c) != 0 || marks.find(static_cast<char>(c)) != std::string_view::npos;
  };
  Headers headers;
  for (const auto& line : lines) {
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    const bool sound = colon != std::string::npos && colon > 0 && std::ranges::all_of(name, is_token) &&
                       line.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos;
    if (!sound) {
      return fail(ErrorCode::usage, fmt::format("-H: \"{}\" does not begin with NAME:", name),
                  "write -H 'Accept: text/plain'");
    }
    const auto begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    headers.emplace_back(name, line.substr(begin));
  }
  return headers;
}

Outcome call_tool(const ToolsCall& options, Context& context) {
  RunFlags flags;
  flags.config = options.config;
  flags.user = options.user;
  flags.isolation = word(Isolation::none);  // the call is a person's, and no process is started
  flags.on_approval = options.on_approval;
  flags.approval_timeout = options.approval_timeout;
  flags.on_consent = options.on_consent;
  flags.consent_timeout = options.consent_timeout;
  flags.command = {"runagents", "tools", "call"};
  const auto run = run_options(flags, context);
  if (!run) return std::unexpected(run.error());
  const auto tool = find_tool(run->project, options.name);
  if (!tool) return std::unexpected(tool.error());
  if (auto fit = check_kind(options, **tool); !fit) return std::unexpected(std::move(fit.error()));
  if ((*tool)->kind == model::ToolKind::mcp) return call_mcp_tool(options, *run, context);
  auto headers = read_headers(options.headers);
  if (!headers) return std::unexpected(headers.error());
  auto body = text_input(options.data, context);
  if (!body) return std::unexpected(body.error());
  const ToolCall call{.tool = options.name,
                      .method = options.method,
                      .path = options.path,
                      .headers = std::move(*headers),
                      .body = std::move(*body)};
  const auto planes = run_planes(*run, context);
  if (!planes) return std::unexpected(planes.error());
  const auto answer = runagents::call_tool(*run, *planes, call);
  if (!answer) return std::unexpected(answer.error());
  if (answer->refused) return std::unexpected(refusal_in(*answer));
  const output::Card card{.text = text_of(*answer, options.with_head, context.terminal),
                          .name = answer->run_id,
                          .json = json_of(*answer),
                          .is_quoted = true};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (answer->status < 400) return 0;
  context.terminal.err << fmt::format("the tool answered with {}\n", answer->status);
  return exit_code(ErrorCode::bad_outcome);
}

}  // namespace runagents::cli
