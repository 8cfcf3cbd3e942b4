#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/policies/policies.hpp"
#include "cli/policies/recorded_run.hpp"
#include "cli/policies/recorded_verdict.hpp"
#include "core/config/project_file.hpp"

namespace runagents::cli {
namespace {

using output::Colour;
using policy::Verdict;
using Json = nlohmann::ordered_json;

/// A call as it went, and as it would go now.
struct Comparison {
  const RecordedCall& call;
  Verdict now;

  /// What came before or behind policy says nothing of it.
  [[nodiscard]] bool differs() const { return call.was_judged() && call.judgement() != now.code; }
};

std::string word_of(const std::optional<model::RefusalCode>& code) {
  return std::string{code ? model::traits(*code).word : "ALLOWED"};
}

std::string then_of(const RecordedCall& call) {
  if (!call.would_code.empty()) return call.would_code + " (observed)";
  if (!call.code.empty()) return call.code;
  return call.decision == "approved" ? "APPROVED" : "ALLOWED";
}

Colour colour_of(const Verdict& verdict) {
  if (!verdict.code) return Colour::green;
  return verdict.code == model::RefusalCode::approval_required ? Colour::yellow : Colour::red;
}

std::string rule_of(const Verdict& verdict) {
  if (verdict.decision.policy == nullptr) return {};
  return fmt::format("{}#{}", verdict.decision.policy->name, verdict.decision.rule);
}

std::string call_text(const RecordedCall& call) {
  return fmt::format("{} {}", fmt::join(call.operations(), ", "), call.url);
}

std::string json_of(const Comparison& one) {
  const auto& call = one.call;
  Json then{{"decision", call.decision}, {"verdict", nullptr}};
  if (call.was_judged()) then["verdict"] = word_of(call.judgement());
  if (!call.code.empty()) then["code"] = call.code;
  if (!call.would_code.empty()) then["would_code"] = call.would_code;
  if (!call.policy.empty()) then.update({{"policy", call.policy}, {"rule", call.rule}});
  Json now{{"verdict", word_of(one.now.code)}};
  if (one.now.decision.policy != nullptr) {
    now.update({{"policy", one.now.decision.policy->name}, {"rule", one.now.decision.rule}});
  }
  now["message"] = one.now.message;
  now["hint"] = one.now.hint;
  const Json json{{"seq", call.seq},          {"operations", call.operations()}, {"url", call.url},
                  {"user_id", call.end_user}, {"then", std::move(then)},         {"now", std::move(now)},
                  {"differs", one.differs()}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

output::Row row_of(const Comparison& one) {
  return {.cells = {{std::to_string(one.call.seq)},
                    {call_text(one.call)},
                    {then_of(one.call)},
                    {word_of(one.now.code), colour_of(one.now)},
                    {rule_of(one.now)},
                    {one.differs() ? "yes" : ""}},
          .name = std::to_string(one.call.seq),
          .json = json_of(one)};
}

int exit_of(const std::vector<Comparison>& calls) {
  const auto is_refused = [](const Comparison& one) {
    return one.now.code && one.now.code != model::RefusalCode::approval_required;
  };
  if (std::ranges::any_of(calls, is_refused)) return exit_code(ErrorCode::forbidden);
  const bool asks = std::ranges::any_of(calls, [](const Comparison& one) { return one.now.code.has_value(); });
  return asks ? exit_code(ErrorCode::needs_person) : 0;
}

}  // namespace

Outcome explain_run(const PoliciesExplain& options, Context& context) {
  if (!options.method.empty()) {
    return fail(ErrorCode::usage, "--run takes the calls from the record, and METHOD and URL name one",
                "leave out one");
  }
  const auto recorded = load_recorded_run(options.run, context);
  if (!recorded) return std::unexpected(recorded.error());
  const auto file = project_file_of(recorded->run, options.config, context);
  if (!file) return std::unexpected(file.error());
  auto project = config::read_project(*file);
  if (!project) return std::unexpected(config::to_error(project.error()));
  const policy::Evaluator evaluator{std::move(*project)};
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  std::vector<Comparison> calls;
  for (const auto& call : recorded->calls) calls.push_back({call, verdict_on(evaluator, call, now)});
  const auto different = std::ranges::count_if(calls, &Comparison::differs);
  output::Listing listing{
      .columns = {{"SEQ"}, {.title = "CALL", .shrinks = true}, {.title = "THEN", .shrinks = true}, {"NOW"}, {"RULE"}},
      .rows = {},
      .when_empty = options.changed ? "no call would be decided differently" : "no calls"};
  if (!options.changed) listing.columns.emplace_back("DIFFERS");
  for (const auto& one : calls) {
    if (!one.differs() && options.changed) continue;
    auto& cells = listing.rows.emplace_back(row_of(one)).cells;
    cells.resize(listing.columns.size());
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (context.output.format == output::Format::table && !calls.empty()) {
    context.terminal.err << fmt::format("{} call{}, {} decided differently under {}\n", calls.size(),
                                        calls.size() == 1 ? "" : "s", different, file->string());
  }
  return options.check ? exit_of(calls) : 0;
}

}  // namespace runagents::cli
