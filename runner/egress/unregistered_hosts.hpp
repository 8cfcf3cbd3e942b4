#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/tool.hpp"

namespace runagents::egress {

/// The hosts that the agent of a run that observes has called and that no tool has, as upstreams: without a credential,
/// by verified TLS where it is https, at public addresses that are not this machine's. Of the engine's thread.
class UnregisteredHosts {
 public:
  /// Each keeps connections, and an agent may call as many as it likes.
  static constexpr std::size_t max_hosts = 256;

  /// The upstream for "http" or "https", always the same one; null when there are too many. Lives as long as this.
  [[nodiscard]] const model::Tool* find(std::string_view scheme, std::string_view host, std::uint16_t port);

 private:
  std::map<std::string, std::unique_ptr<const model::Tool>, std::less<>> hosts_;  ///< by "https://HOST:PORT"
};

}  // namespace runagents::egress
