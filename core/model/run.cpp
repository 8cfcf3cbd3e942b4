#include "core/model/run.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace runagents::model {
namespace {

using Row = std::pair<RunStatus, std::string_view>;

constexpr std::array statuses = {
    Row{RunStatus::running, "RUNNING"},
    Row{RunStatus::paused_approval, "PAUSED_APPROVAL"},
    Row{RunStatus::paused_consent, "PAUSED_CONSENT"},
    Row{RunStatus::completed, "COMPLETED"},
    Row{RunStatus::failed, "FAILED"},
    Row{RunStatus::cancelled, "CANCELLED"},
};

}  // namespace

std::string_view word(RunStatus status) noexcept {
  const auto* found = std::ranges::find(statuses, status, &Row::first);
  return found == statuses.end() ? std::string_view{} : found->second;
}

std::optional<RunStatus> run_status_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(statuses, word, &Row::second);
  return found == statuses.end() ? std::nullopt : std::optional{found->first};
}

bool is_final(RunStatus status) noexcept {
  return status == RunStatus::completed || status == RunStatus::failed || status == RunStatus::cancelled;
}

}  // namespace runagents::model
