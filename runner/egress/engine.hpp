#pragma once

#include <memory>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"
#include "core/http/tls_server.hpp"
#include "runner/egress/approvals.hpp"
#include "runner/egress/credentials.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/recorder.hpp"
#include "runner/egress/request_id.hpp"
#include "runner/egress/snapshot.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::gateway {
class MonthlyBudgets;
}

namespace runagents::replay {
class Tape;
class Playback;
}  // namespace runagents::replay

namespace runagents::egress {

struct Engine;

/// What happens to requests that come through the ingress.
class Entrance {
 public:
  Entrance() = default;
  virtual ~Entrance() = default;
  Entrance(const Entrance&) = delete;
  Entrance& operator=(const Entrance&) = delete;

  /// Answers the request: with the agent's response, or a refusal. Ends with it recorded.
  [[nodiscard]] virtual http::Task<void> serve(Engine& engine, Call& call, Exchange& exchange) = 0;
};

/// What the calls of a run share: the parts that wait, keep state or do I/O. Wired together by the runner, which owns
/// everything; of the engine's thread.
struct Engine {
  http::asio::io_context& context;
  http::Ticker& ticker;
  std::shared_ptr<const Snapshot> snapshot;
  Recorder& recorder;
  Approvals& approvals;
  Credentials& credentials;
  Upstreams& upstreams;
  RequestIds request_ids;
  http::TlsServer* tls = nullptr;                      ///< for what agents encrypt; null: nothing is intercepted
  Entrance* entrance = nullptr;                        ///< null: there is no ingress
  gateway::MonthlyBudgets* monthly_budgets = nullptr;  ///< null: nobody keeps any
  replay::Tape* tape = nullptr;                        ///< where calls are kept; null: nowhere
  replay::Playback* playback = nullptr;                ///< what answers instead of tools; null: they do
};

}  // namespace runagents::egress
