#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/approval.hpp"

namespace runagents::model {

enum class ConsentStatus {
  active,
  lost  ///< the authorization server takes its tokens no more: the person has to be asked again
};
[[nodiscard]] std::string_view word(ConsentStatus status) noexcept;  ///< "ACTIVE", "LOST"
[[nodiscard]] std::optional<ConsentStatus> consent_status_of(std::string_view word) noexcept;

/// Where a token belongs: there is at most one for each place.
struct ConsentPlace {
  std::string end_user;  ///< empty: shared by all users
  std::string tool;      ///< the tool's name
  std::string client;    ///< digest of where the token comes from and goes to; see auth::token_client
};

/// What an end user's authorization for a tool gave, as the control plane keeps it.
struct Consent {
  std::string id;  ///< UUID
  ConsentPlace place;
  std::string client_id;
  std::vector<std::string> scopes;            ///< granted
  std::vector<std::string> requested_scopes;  ///< asked for; servers spell what they grant in their own way
  ConsentStatus status = ConsentStatus::active;
  std::string sealed;         ///< the tokens, encrypted by the runner; never part of a listing
  std::uint64_t version = 0;  ///< rises with every change; 0: not stored yet
  Time created_at;
  Time updated_at;
  std::optional<Time> expires_at;  ///< of the access token
};

}  // namespace runagents::model
