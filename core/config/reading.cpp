#include "core/config/reading.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/config/control.hpp"

namespace runagents::config {
namespace {

constexpr std::size_t max_text = 300;

std::string printable(std::string_view text) {
  std::string result{text.substr(0, max_text)};
  if (text.size() > max_text) result += "...";
  std::ranges::replace_if(result, is_control, '?');
  return result;
}

}  // namespace

Reading::Reading(std::filesystem::path file) : file_{std::move(file)} {}

void Reading::report(Position position, std::string_view key, std::string_view message, std::string_view suggestion) {
  if (findings_.size() == max_collected_findings) {
    ++left_out_;
    return;
  }
  findings_.push_back(
      {file_.string(), position.line, position.column, printable(key), printable(message), printable(suggestion)});
}

void Reading::run_checks(const model::Project& project) {
  for (const auto& check : checks_) check(project);
}

std::vector<Finding> Reading::findings() && {
  std::ranges::sort(findings_, {}, [](const Finding& one) { return std::tie(one.line, one.column, one.key); });
  if (findings_.size() > max_findings) {
    const auto more = findings_.size() - max_findings + left_out_;
    findings_.resize(max_findings);
    findings_.push_back({file_.string(),
                         findings_.back().line,
                         findings_.back().column,
                         {},
                         "and " + std::to_string(more) + " more findings",
                         {}});
  }
  return std::move(findings_);
}

}  // namespace runagents::config
