#include "core/model/consent.hpp"

namespace runagents::model {

std::string_view word(ConsentStatus status) noexcept { return status == ConsentStatus::active ? "ACTIVE" : "LOST"; }

std::optional<ConsentStatus> consent_status_of(std::string_view word) noexcept {
  if (word == "ACTIVE") return ConsentStatus::active;
  if (word == "LOST") return ConsentStatus::lost;
  return std::nullopt;
}

}  // namespace runagents::model
