#pragma once

#include <chrono>

#include "cli/context.hpp"

namespace runagents::cli {

/// Lets a command that follows something sit out a server that is away for a while, as when it is restarted. Of one
/// thread.
class Outage {
 public:
  /// What is given up after. A server that never answered is no outage: ask it once before.
  static constexpr std::chrono::minutes longest{2};

  explicit Outage(Context& context) : context_{context} {}

  /// Whether to ask again; has waited then. Says once that the server is away. False for every other kind of error, in
  /// the local context, after `longest`, and when somebody interrupts.
  [[nodiscard]] bool sit_out(const Error& error);
  /// The server has answered.
  void end();

 private:
  Context& context_;
  std::chrono::milliseconds waited_{0};
};

}  // namespace runagents::cli
