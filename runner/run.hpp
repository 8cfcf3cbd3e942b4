#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/transport.hpp"
#include "core/config/directories.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/model/project.hpp"

namespace runagents {

/// What happens to a call that needs a person's approval.
enum class OnApproval { hold, give_back, ask, deny };  ///< give_back is written "return"

/// What happens to a call whose end user has not given a consent to the tool.
enum class OnConsent { hold, give_back, deny };  ///< give_back is written "return"

/// What keeps the agent from going around its doors.
enum class Isolation {
  strict,  ///< the fence: namespaces of its own, a private root, filtered system calls
  none     ///< nothing does
};
[[nodiscard]] constexpr const char* word(Isolation isolation) noexcept {
  return isolation == Isolation::strict ? "strict" : "none";
}

/// Where a listener is wanted.
struct ListenAddress {
  std::string address;     ///< an IP address
  std::uint16_t port = 0;  ///< 0: one that is free
};

enum class SummaryFormat { text, json, none };

/// An agent account as a client of a server's token endpoint.
struct AgentClient {
  std::string client_id;
  std::shared_ptr<const config::Secret> secret;
};

/// A recorded run that answers the calls of this one.
struct ReplaySource {
  std::string run_id;
  std::filesystem::path file;
  bool as_json = false;  ///< the report, on stderr
};

/// Everything that `runagents run` needs to know; filled from flags and files by the command line.
struct RunOptions {
  model::Project project;  ///< `agent.command` is what gets executed
  config::Directories directories;
  std::string working_directory;  ///< of the agent; empty: the current one
  std::string end_user;           ///< --user; empty: nobody
  Isolation isolation = Isolation::strict;
  bool observe = false;  ///< --observe: policy refuses and holds nothing, and it is recorded what it would
  std::optional<ListenAddress> ingress;  ///< --ingress; nothing: there is no way in
  std::vector<std::string> mask;         ///< --mask
  std::vector<std::string> expose;       ///< --expose
  OnApproval on_approval = OnApproval::hold;
  std::function<std::string(const model::ApprovalRequest&)> question = {};  ///< on_approval ask: what a person is shown
  std::chrono::seconds approval_timeout{std::chrono::minutes{10}};
  OnConsent on_consent = OnConsent::hold;
  std::chrono::seconds consent_timeout{std::chrono::minutes{10}};
  std::vector<std::pair<std::string, std::string>> environment;  ///< --env
  std::vector<std::string> pass_environment;                     ///< --pass-env
  std::chrono::seconds kill_after{10};
  std::vector<model::SecretReference> own_secrets;    ///< of the connection to the server: kept from the agent
  bool record = false;                                ///< --record: keeps the bodies of calls for a replay
  std::optional<ReplaySource> replay = std::nullopt;  ///< no tool is called, and no credential is read
  bool verbose = false;
  SummaryFormat summary = SummaryFormat::text;
  bool quiet = false;   ///< no summary, no notices
  bool colour = false;  ///< for stderr
};

/// Opens a connection to a control plane; called for each thread that uses one, there or before it starts.
using OpenTransport = std::function<Result<std::unique_ptr<api::Transport>>()>;

/// A server that has a record of the run, and that is asked for approvals.
struct RemotePlane {
  std::string endpoint;     ///< as api::checked_endpoint gives it
  OpenTransport open;       ///< as whoever runs the agent; any thread
  OpenTransport anonymous;  ///< without a credential, for the token endpoint; any thread
  /// The agent account of the project, [agent].account. Called before the agent starts, and only when a tool needs it.
  std::function<Result<AgentClient>()> client;
};

/// Who keeps what of a run. The store of this machine has the run with its journal, secrets and users' tokens, always;
/// a server, when there is one, gets every event as well and decides on approvals. The project decides on everything
/// else, whoever is away.
struct RunPlanes {
  OpenTransport local;
  std::optional<RemotePlane> remote = std::nullopt;
};

/// Runs an agent behind the egress pipeline until it ends. Talks to the person on stderr only. Returns the process exit
/// status: the agent's own, or 9 of a replay that differed, 128+N for signal N, 125 when runagents failed, 126 or 127
/// when the command could not be executed.
[[nodiscard]] int run(const RunOptions& options, const RunPlanes& planes);

/// What `run` would inject and enforce, as JSON; starts nothing, opens nothing.
[[nodiscard]] Result<std::string> dry_run(const RunOptions& options);

}  // namespace runagents
