#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"
#include "core/model/consent.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// The tokens that end users' consents gave, as the runner sealed them. See api::ControlPlane for the meaning of each
/// call. What is written is on disk before a call returns.
class Consents {
 public:
  explicit Consents(store::Database& database) : database_{database} {}

  /// Newest first, `sealed` left empty.
  [[nodiscard]] Result<std::vector<model::Consent>> list(const api::ConsentFilter& filter);
  [[nodiscard]] Result<std::optional<model::Consent>> find(const model::ConsentPlace& place);
  [[nodiscard]] Result<model::Consent> put(model::Consent consent);
  [[nodiscard]] Result<model::Consent> lease(std::string_view id, const std::string& holder,
                                             std::chrono::milliseconds length);
  [[nodiscard]] Result<void> release(std::string_view id, const std::string& holder);
  [[nodiscard]] Result<model::Consent> remove(std::string_view id);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
