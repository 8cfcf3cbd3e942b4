#pragma once

#include <optional>
#include <string>

#include "core/error.hpp"
#include "core/model/approval_connector.hpp"
#include "core/store/database.hpp"
#include "server/service/paging.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// A message that is to be sent now.
struct DueNotice {
  std::string id;
  std::string body;
  std::int64_t attempts = 0;  ///< this one included
  model::ApprovalConnector connector;
};

/// What became of an attempt.
struct AttemptOutcome {
  int status = 0;         ///< of the answer; 0: there was none
  std::string problem;    ///< empty: it was delivered
  bool is_final = false;  ///< there is no point in trying again
};

/// Messages to approval connectors: written with the request that they tell of, delivered at least once, by one process
/// at a time, again and again with growing pauses for a day, or until the request is decided. Several processes may
/// deliver from one store. All functions may block; of one thread.
class ApprovalNotices {
 public:
  static constexpr int max_attempts = 12;

  /// `issuer`: the server's own URL, where people decide.
  ApprovalNotices(store::Database& database, std::string issuer) : database_{database}, issuer_{std::move(issuer)} {}

  /// Writes a message for each enabled connector, within the caller's transaction. Throws soci::soci_error.
  [[nodiscard]] Result<void> announce(soci::session& session, const model::ApprovalRequest& request);

  /// Takes the message that has been due for longest, for as long as an attempt may take; nothing when none is due.
  [[nodiscard]] Result<std::optional<DueNotice>> take();
  /// What came of a message that was taken.
  [[nodiscard]] Result<void> finish(const DueNotice& notice, const AttemptOutcome& outcome);
  /// How long after this attempt the next one comes.
  [[nodiscard]] static std::chrono::milliseconds pause_after(std::int64_t attempts) noexcept;

  /// Newest first.
  [[nodiscard]] Result<Page<model::WebhookDelivery>> list(const Paging& paging);

 private:
  store::Database& database_;
  std::string issuer_;
};

}  // namespace runagents::server
