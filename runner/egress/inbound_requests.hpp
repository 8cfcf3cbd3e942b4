#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runner/egress/end_user.hpp"

namespace runagents::egress {

/// A request that came through the ingress, as the agent's own calls may refer to it.
struct InboundRequest {
  std::string id;                       ///< X-Request-Id, which the ingress made
  std::string trace_id;                 ///< 32 hexadecimal digits (W3C Trace Context), made by the ingress
  std::shared_ptr<const EndUser> user;  ///< null: it came without a token
};

/// The requests that the agent is at work on, and for a while those that it has answered: an agent may go on working
/// for a user in the background, and an id that was told to nobody but the agent still proves for whom. Whoever is in
/// flight is another question: only requests that have no answer yet count there. Of the engine's thread.
class InboundRequests {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// How long, and how many, answered requests are remembered.
  static constexpr std::chrono::minutes memory{10};
  static constexpr std::size_t max_remembered = 4096;

  InboundRequests() = default;
  ~InboundRequests() = default;
  InboundRequests(const InboundRequests&) = delete;
  InboundRequests& operator=(const InboundRequests&) = delete;

  void begin(InboundRequest request);
  /// The request with this id has been answered.
  void end(std::string_view id, Time now);

  /// By the id of the request or of its trace; null when it is unknown or was answered too long ago.
  [[nodiscard]] const InboundRequest* by_id(std::string_view id, Time now) const;
  [[nodiscard]] const InboundRequest* by_trace(std::string_view trace_id, Time now) const;

  /// The different users in flight, in no order; null stands for requests without one.
  [[nodiscard]] std::vector<std::shared_ptr<const EndUser>> users() const;
  [[nodiscard]] bool empty() const noexcept { return in_flight_.empty(); }

 private:
  struct Entry {
    InboundRequest request;
    std::optional<Time> ended;
  };
  struct InFlight {
    std::shared_ptr<const EndUser> user;
    std::size_t requests = 0;
  };
  using Entries = std::list<Entry>;
  using Index = std::unordered_map<std::string_view, Entries::iterator>;  ///< keys are texts of the entries
  void forget(Time now);
  [[nodiscard]] static const InboundRequest* known(const Index& index, std::string_view key, Time now);

  Entries open_;
  Entries ended_;  ///< in the order of their ends
  Index by_id_;
  Index by_trace_;
  std::unordered_map<std::string, InFlight> in_flight_;  ///< by the user's id; empty: nobody
};

/// The trace-id of a `traceparent` value (W3C Trace Context, section 3.2); empty when it is not one that has a single
/// reading.
[[nodiscard]] std::string_view trace_id_of(std::string_view traceparent);

}  // namespace runagents::egress
