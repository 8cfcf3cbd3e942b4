#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/user.hpp"
#include "core/store/database.hpp"
#include "server/oauth/authorization_codes.hpp"

namespace runagents::server {

/// A device that waits for a person (RFC 8628).
struct DeviceRequest {
  std::string user_code;  ///< "BCDF-GHJK"
  std::string client_id;
  std::vector<std::string> resources;  ///< URLs, as the device asked for them
};

enum class DevicePoll {
  pending,    ///< nobody has decided yet
  too_fast,   ///< and it asks too often; from now on it waits five seconds longer
  denied,     ///<
  expired,    ///<
  approved,   ///< by a user, once
  not_known,  ///< never issued, another client's, or used
};

struct DevicePollResult {
  DevicePoll state = DevicePoll::not_known;
  Login login = {};                         ///< approved: without family and servers
  std::vector<std::string> resources = {};  ///< approved
};

class DeviceCodes {
 public:
  static constexpr std::chrono::minutes lifetime{15};
  static constexpr std::chrono::seconds interval{5};  ///< between two polls (RFC 8628, section 3.2)
  static constexpr long long max_waiting = 10'000;    ///< anybody can begin one

  explicit DeviceCodes(store::Database& database) : database_{database} {}

  struct Begun {
    config::Secret device_code;
    std::string user_code;
  };
  /// ErrorCode::unavailable when too many devices wait.
  [[nodiscard]] Result<Begun> begin(const std::string& client_id, const std::vector<std::string>& resources);

  /// One that waits for a decision, by its user code in any case and with any punctuation (RFC 8628, section 6.1).
  [[nodiscard]] Result<std::optional<DeviceRequest>> find(std::string_view user_code);
  /// Decides it; false when it does not wait any more. Who denies says who they are, too: `by` has user, API key and
  /// role.
  [[nodiscard]] Result<bool> decide(std::string_view user_code, bool approve, const Login& by);
  /// What the device is told. `approved` comes once.
  [[nodiscard]] Result<DevicePollResult> poll(std::string_view device_code, std::string_view client_id);

 private:
  store::Database& database_;
};

/// The canonical form of a user code that a person typed; empty when it cannot be one.
[[nodiscard]] std::string canonical_user_code(std::string_view typed);

}  // namespace runagents::server
