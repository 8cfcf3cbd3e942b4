#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/http/async.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// Gets new tokens for OAuth sessions. Requests that need the same one at once wait for one refresh, on no worker's
/// time; between processes the lease of the session sees to it. Of the event loop's thread.
class CredentialRefresher {
 public:
  /// `patient` workers wait for authorization servers.
  CredentialRefresher(http::asio::io_context& context, Planes& planes, Planes& patient)
      : context_{context}, planes_{planes}, patient_{patient} {}

  /// Attaches a token that can be sent; `renew`: another one than the one that the admission holds, which the server
  /// refused.
  [[nodiscard]] http::Task<Result<void>> refresh(Admission& admission, bool renew);

 private:
  struct Refreshing {
    explicit Refreshing(http::asio::io_context& context) : done{context, http::Timer::time_point::max()} {}
    http::Timer done;  ///< cancelled when it is over
    bool is_over = false;
    std::optional<Error> error;
  };
  enum class Step { attach, refresh, renew };

  http::Task<Result<void>> take(Admission& admission, Planes& planes, Step step);

  http::asio::io_context& context_;
  Planes& planes_;
  Planes& patient_;
  std::map<std::string, std::shared_ptr<Refreshing>, std::less<>> under_way_;  ///< by the session's id
};

}  // namespace runagents::server
