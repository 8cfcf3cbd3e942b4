#pragma once

#include <memory>
#include <string>

#include "core/model/project.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/inbound_requests.hpp"
#include "runner/ingress/agent_connector.hpp"
#include "runner/ingress/token_judge.hpp"

namespace runagents::ingress {

/// The way in: client, ingress, the agent's port. A request that is let in carries the user that its token proves, ids
/// that the ingress made, and no token. Of the engine's thread.
class Ingress final : public egress::Entrance {
 public:
  /// `port`: where the agent listens. `requests` outlives this object.
  Ingress(http::asio::io_context& context, http::Ticker& ticker, const model::Project& project, std::uint16_t port,
          AgentConnector::MakeSocket make_socket, egress::InboundRequests& requests);

  /// Lets `upstreams` connect to the agent.
  void attach(egress::Upstreams& upstreams) { upstreams.set_connector(agent_, connector_); }

  [[nodiscard]] http::Task<void> serve(egress::Engine& engine, egress::Call& call, egress::Exchange& exchange) override;

  /// Waits for a fetch of keys that is under way; to be called before the context goes.
  void join() { judge_.join(); }

 private:
  http::Task<egress::Verdict> admit(egress::Engine& engine, egress::Call& call);
  http::Task<egress::Verdict> authenticate(egress::Call& call);
  egress::Verdict accept(egress::Call& call, std::string token, const auth::VerifiedToken& verified);

  model::Tool agent_;  ///< the agent, in the role that tools have on the way out
  bool is_open_ = false;
  std::vector<model::IdentityProvider> providers_;
  TokenJudge judge_;
  AgentConnector connector_;
  egress::InboundRequests& requests_;
};

/// Whether a project can have an ingress: it needs somebody who says who is who, or the explicit word that everybody
/// may come in.
[[nodiscard]] Result<void> check_access(const model::Project& project);

}  // namespace runagents::ingress
