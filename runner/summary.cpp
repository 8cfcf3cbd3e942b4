#include "runner/summary.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/api/model_usage_json.hpp"

namespace runagents {
namespace {

constexpr std::size_t max_lines = 10;

std::string duration_text(std::chrono::milliseconds duration) {
  const auto seconds = static_cast<double>(duration.count()) / 1000.0;
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto minutes = duration.count() / 60'000;
  return fmt::format("{} min {} s", minutes, (duration.count() / 1000) % 60);
}

std::string exit_text(const launch::ExitStatus& exit) {
  return exit.signal == 0 ? fmt::format("exit {}", exit.code) : fmt::format("ended by signal {}", exit.signal);
}

struct Label {
  std::string_view text;    ///< before each line
  std::string_view colour;  ///< an escape sequence
  std::string_view kinds;   ///< "more kinds of ..."
};

void append_kinds(std::string& out, const std::vector<egress::Totals::Refused>& kinds, const Label& label,
                  bool colour) {
  const auto shown = std::min(kinds.size(), max_lines);
  std::size_t method_width = 0;
  std::size_t url_width = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    method_width = std::max(method_width, kinds[i].method.size());
    url_width = std::max(url_width, std::min<std::size_t>(kinds[i].url.size(), 60));
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& one = kinds[i];
    const auto times = one.times > 1 ? fmt::format(" x{}", one.times) : std::string{};
    fmt::format_to(std::back_inserter(out), "  {}{}{}  {:{}}  {:{}}  {}{}{}\n", colour ? label.colour : "", label.text,
                   colour ? "\033[0m" : "", one.method, method_width, one.url, url_width, one.code,
                   one.rule.empty() ? "" : "  " + one.rule, times);
  }
  if (shown < kinds.size()) {
    fmt::format_to(std::back_inserter(out), "  ... and {} more kinds of {}\n", kinds.size() - shown, label.kinds);
  }
}

void append_observed(std::string& out, const Summary& summary, bool colour) {
  if (!summary.observe) return;
  const auto observed = summary.totals.observed;
  fmt::format_to(std::back_inserter(out),
                 "  {}observed{}: policy stopped nothing; {} call{} would have been refused or held, and went out "
                 "without a credential\n",
                 colour ? "\033[1;33m" : "", colour ? "\033[0m" : "", observed, observed == 1 ? "" : "s");
  append_kinds(out, summary.totals.observations, {.text = "observed", .colour = "\033[33m", .kinds = "observed calls"},
               colour);
  if (observed > 0) out += "  what it needed: runagents policies suggest " + summary.run_id + "\n";
}

/// "9,412"
std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

/// The provider is named where a model has several.
std::string model_name(const std::vector<model::ModelUsage>& models, const model::ModelUsage& one) {
  const bool is_unique = std::ranges::count(models, one.model, &model::ModelUsage::model) == 1;
  return is_unique ? one.model : one.provider + "/" + one.model;
}

void append_models(std::string& out, const egress::Totals& totals) {
  const auto shown = std::min(totals.models.size(), max_lines);
  std::vector<std::string> names;
  std::size_t width = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    names.push_back(model_name(totals.models, totals.models[i]));
    width = std::max(width, names.back().size());
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& one = totals.models[i];
    fmt::format_to(std::back_inserter(out), "  llm  {:{}}  {} call{}  {} tokens  {}\n", names[i], width, one.calls,
                   one.calls == 1 ? "" : "s", with_commas(one.input_tokens + one.output_tokens),
                   model::dollars(one.cost));
  }
  if (shown < totals.models.size()) {
    fmt::format_to(std::back_inserter(out), "  ... and {} more models\n", totals.models.size() - shown);
  }
}

using Json = nlohmann::ordered_json;

Json kinds_json(const std::vector<egress::Totals::Refused>& kinds) {
  Json all = Json::array();
  for (const auto& one : kinds) {
    Json json{{"method", one.method}, {"url", one.url}, {"code", one.code}, {"times", one.times}};
    if (!one.rule.empty()) json["rule"] = one.rule;
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace

std::string to_text(const Summary& summary, bool colour) {
  const auto& totals = summary.totals;
  std::string out =
      fmt::format("{}run {}{} {}  {}  {}\n", colour ? "\033[1m" : "", summary.run_id, colour ? "\033[0m" : "",
                  summary.agent, duration_text(summary.duration), exit_text(summary.exit));
  fmt::format_to(std::back_inserter(out), "  {} call{}   {} allowed   {} approved   {} refused\n", totals.calls,
                 totals.calls == 1 ? "" : "s", totals.allowed, totals.approved, totals.refused);
  if (totals.requests > 0) {
    fmt::format_to(std::back_inserter(out), "  {} request{} came in   {} refused\n", totals.requests,
                   totals.requests == 1 ? "" : "s", totals.requests_refused);
  }
  append_kinds(out, totals.refusals, {.text = "refused", .colour = "\033[31m", .kinds = "refusal"}, colour);
  append_observed(out, summary, colour);
  append_models(out, totals);
  if (summary.isolation == "none") {
    fmt::format_to(std::back_inserter(out),
                   "  {}the fence is off (isolation none): the agent could have gone around the proxy{}\n",
                   colour ? "\033[33m" : "", colour ? "\033[0m" : "");
  }
  return out;
}

std::string to_json(const Summary& summary) {
  Json json{{"run_id", summary.run_id},
            {"agent", summary.agent},
            {"isolation", summary.isolation},
            {"duration_ms", summary.duration.count()},
            {"exit_code", summary.exit.code}};
  if (summary.exit.signal != 0) json["signal"] = summary.exit.signal;
  json["calls"] = summary.totals.calls;
  json["allowed"] = summary.totals.allowed;
  json["approved"] = summary.totals.approved;
  json["refused"] = summary.totals.refused;
  if (summary.totals.requests > 0) {
    json["ingress"] = {{"requests", summary.totals.requests}, {"refused", summary.totals.requests_refused}};
  }
  if (!summary.totals.models.empty()) json["models"] = api::to_json(summary.totals.models);
  json["refusals"] = kinds_json(summary.totals.refusals);
  if (summary.observe) {
    json["observe"] = true;
    json["observed"] = summary.totals.observed;
    json["observations"] = kinds_json(summary.totals.observations);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace runagents
