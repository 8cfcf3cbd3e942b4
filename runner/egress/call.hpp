#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "core/audit/calls_under_way.hpp"
#include "core/http/head.hpp"
#include "core/model/tool.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/target.hpp"
#include "runner/egress/conversation.hpp"
#include "runner/egress/credential.hpp"
#include "runner/egress/end_user.hpp"
#include "runner/egress/grpc.hpp"
#include "runner/egress/peer.hpp"
#include "runner/gateway/inference.hpp"

namespace runagents::egress {

struct Snapshot;

enum class Door {
  alias,        ///< a tool's own listener
  forward,      ///< the forward proxy
  transparent,  ///< the server's own address, inside the fence
  gateway,      ///< the one listener for all models
  ingress       ///< the other way round: requests of end users to the agent
};

[[nodiscard]] constexpr std::string_view word(Door door) noexcept {
  switch (door) {
    case Door::alias:
      return "alias";
    case Door::forward:
      return "forward";
    case Door::transparent:
      return "transparent";
    case Door::gateway:
      return "gateway";
    case Door::ingress:
      break;
  }
  return "ingress";
}

/// The server to which an agent believes itself connected: through the transparent door, or in a tunnel that CONNECT
/// opened.
struct Destination {
  std::string scheme = "http";  ///< "https" when TLS was found
  std::string host;             ///< what CONNECT named, or whose the address is inside the fence; empty: not known
  std::uint16_t port = 0;
  std::string tls_name;                             ///< what TLS named (SNI); empty: nothing
  std::optional<boost::asio::ip::address> address;  ///< transparent door: the address that was dialled
  bool bytes_only = false;                          ///< what comes is passed on without being looked into
};

/// Where a connection came in, and who is at its other end. The same for all calls of a connection.
struct Arrival {
  Door door = Door::forward;
  const model::Tool* tool = nullptr;  ///< alias door: the tool whose listener this is
  std::string authority;              ///< "127.0.0.1:PORT", of the listener
  std::optional<Destination> destination;
  std::optional<Peer> peer;  ///< empty: not of this run
  std::string peer_problem;  ///< why it is empty
  std::string client;        ///< ingress: the client's address
};

using Clock = std::chrono::steady_clock;

/// One call, from its head to its record: of the agent to a tool, or through the ingress to the agent. Stages read it
/// and add to it; nothing else carries state between them. A connection uses one object for all its calls, so that
/// strings keep their memory.
struct Call {
  const Arrival* arrival = nullptr;
  const http::RequestHead* head = nullptr;   ///< views into the connection's buffer; null: no readable request
  std::shared_ptr<const Snapshot> snapshot;  ///< what the call is judged by
  std::string request_id;                    ///< ULID

  // The canonical target (stage parse): what is matched is what is sent.
  std::string_view scheme;
  std::string_view host;
  std::uint16_t port = 0;
  std::string_view path;
  std::string_view query;
  bool has_query = false;
  bool encoded_slash = false;
  policy::Target target;     ///< storage of the views when the target was absolute
  std::string path_scratch;  ///< storage of `path` when it was not canonical

  // What stages found.
  const model::Tool* tool = nullptr;
  const model::Capability* capability = nullptr;
  policy::Decision decision;
  /// Why the call would not pass, or not yet, if the run did not observe (see observe.hpp). It gets no credential.
  std::optional<model::RefusalCode> observed;
  std::shared_ptr<const EndUser> user;  ///< who came through the ingress; null: nobody, or the run's own user
  std::string_view end_user;            ///< for whom the call is made; empty: nobody, or not known
  std::vector<std::shared_ptr<const EndUser>> may_be_for;  ///< when it is not known; null among them: nobody
  std::shared_ptr<const config::Secret> user_token;  ///< the token that the user came with at the ingress; null: none
  std::string approval_id;
  bool approved = false;
  bool opens_tunnel = false;             ///< a CONNECT whose content will be judged request by request
  std::optional<Destination> tunnel_to;  ///< it was opened: what comes is the agent's own connection to there
  std::optional<std::string> held_body;  ///< the request body, when a stage had to read it
  std::optional<GrpcCall> grpc;          ///< what is known of the call as one of gRPC; empty: the client speaks another
  std::unique_ptr<Conversation> mcp;     ///< what was said to a tool of kind `mcp`; null: other tools, or nothing yet
  std::unique_ptr<gateway::Inference> inference;  ///< what a model is asked; null: the call is to a tool
  std::string traceparent;                        ///< ingress: what the agent is given (W3C Trace Context)

  std::shared_ptr<const Credential> credential;  ///< what is injected (stage credential); null: nothing

  // What happened.
  int status = 0;
  audit::CallsUnderWay::Place noted = audit::CallsUnderWay::nowhere;  ///< where it is noted that the call left
  std::optional<model::RefusalCode> cut_short;                        ///< why the answer did not reach its end
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  Clock::time_point started;
  Clock::time_point decided;
  Clock::time_point sent;  ///< when forwarding began
  std::chrono::microseconds waited{0};
  bool expected = false;  ///< the journal has room for this call
  bool recorded = false;

  [[nodiscard]] std::string_view method() const noexcept { return head != nullptr ? head->method : std::string_view{}; }
  /// Who answers, for messages: "the tool "NAME"", or "the agent" behind the ingress.
  [[nodiscard]] std::string upstream() const;
  /// scheme://authority/path?query; empty before the target is known.
  [[nodiscard]] std::string url() const;
  /// The operation for the evaluator; of a tool of kind `mcp` what the message at hand does, of a provider the model.
  [[nodiscard]] policy::Operation operation() const noexcept;
  /// The same operation for each user for whom the call may be when that is not known.
  [[nodiscard]] std::vector<policy::Operation> for_others(const policy::Operation& operation) const;
  /// Forgets the last call, keeps memory.
  void reset(const Arrival& where);
};

}  // namespace runagents::egress
