#include "runner/replay/report.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

#include <nlohmann/json.hpp>

#include "core/audit/json_line.hpp"
#include "core/audit/masking.hpp"

namespace runagents::replay {
namespace {

using Kind = Difference::Kind;

constexpr std::array<Kind, 3> kinds = {Kind::fresh, Kind::changed, Kind::missing};

const char* word(Kind kind) {
  if (kind == Kind::fresh) return "new";
  return kind == Kind::changed ? "changed" : "missing";
}

const char* plural(std::uint64_t count) { return count == 1 ? "" : "s"; }

/// Query values masked, as in the record.
std::string target_of(const Difference& one) {
  std::string target;
  audit::append_masked_url(target, one.key.target);
  return target;
}

/// As a terminal may show it.
std::string shown(std::string_view text) {
  std::string out;
  audit::append_escaped(out, text);
  return out;
}

std::string line_of(const Difference& one) {
  auto line = fmt::format("  {:<7}  {} {} {}", word(one.kind), one.key.tool.empty() ? "model" : shown(one.key.tool),
                          shown(one.key.method), shown(target_of(one)));
  if (one.times > 1) line += fmt::format(" x{}", one.times);
  if (one.kind == Kind::changed) {
    line += fmt::format("\n             was  {}\n             is   {}", shown(one.recorded), shown(one.replayed));
  }
  return line + "\n";
}

}  // namespace

std::string to_text(const Playback& playback, std::string_view run_id) {
  constexpr std::size_t most = 20;
  const auto differences = playback.differences();
  auto text =
      fmt::format("replay of run {}  {} of {} recorded call{} made again{}\n", run_id, playback.same(),
                  playback.recorded(), plural(playback.recorded()), differences.empty() ? ", and no other" : "");
  for (std::size_t i = 0; i < std::min(differences.size(), most); ++i) text += line_of(differences[i]);
  if (differences.size() > most) text += fmt::format("  and {} more\n", differences.size() - most);
  return text;
}

std::string to_json(const Playback& playback, std::string_view run_id) {
  using json = nlohmann::ordered_json;
  const auto differences = playback.differences();
  json object = {{"replayed_run", run_id},
                 {"differs", !differences.empty()},
                 {"calls", playback.recorded()},
                 {"same", playback.same()}};
  for (const auto kind : kinds) object[word(kind)] = json::array();
  for (const auto& one : differences) {
    json listed = {
        {"tool", one.key.tool}, {"method", one.key.method}, {"target", target_of(one)}, {"times", one.times}};
    if (one.kind != Kind::fresh) listed["recorded_body"] = one.recorded;
    if (one.kind != Kind::missing) listed["body"] = one.replayed;
    object[word(one.kind)].push_back(std::move(listed));
  }
  return object.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
}

std::string to_text(const Tape& tape, std::string_view run_id) {
  auto text = fmt::format("  recorded  {} call{} with bodies, for: runagents runs replay {}\n", tape.kept(),
                          plural(tape.kept()), run_id);
  if (tape.left_out() == 0) return text;
  return text +
         fmt::format("  {} call{} left out: {}\n", tape.left_out(), tape.left_out() == 1 ? " is" : "s are",
                     tape.problem().empty() ? "tunnels, or bodies beyond 8 MiB (64 MiB at a time)" : tape.problem());
}

}  // namespace runagents::replay
