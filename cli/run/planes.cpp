#include "cli/run/planes.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cli/connection/session.hpp"
#include "cli/run/agent_identity.hpp"
#include "cli/secrets/secret_value.hpp"
#include "core/api/http_transport.hpp"
#include "core/auth/key_ring.hpp"
#include "runner/left_records.hpp"
#include "server/embedded.hpp"

namespace runagents::cli {
namespace {

/// A run must not wait for ever for a server that says nothing; a long poll has its wait on top.
constexpr std::chrono::seconds answer_time{10};

/// A credential that several threads use.
class SharedCredential {
 public:
  explicit SharedCredential(config::Secret fixed) : fixed_{std::move(fixed)} {}
  SharedCredential(Connection connection, std::filesystem::path data)
      : connection_{std::move(connection)}, data_{std::move(data)} {}

  Result<config::Secret> get(std::string_view refused) {
    const std::scoped_lock lock{mutex_};
    if (!connection_) {
      if (!refused.empty()) return fail(ErrorCode::unauthenticated, "there is no other credential");
      return auth::copy(fixed_);
    }
    if (!plane_) {
      auto opened = server::open_embedded(data_);
      if (!opened) return std::unexpected(std::move(opened.error()));
      transport_ = std::move(*opened);
      plane_.emplace(*transport_);
    }
    return session_token(*connection_, *plane_, data_, refused);
  }

 private:
  std::mutex mutex_;
  config::Secret fixed_;
  std::optional<Connection> connection_;  ///< of a login; nothing: the credential is fixed
  std::filesystem::path data_;
  std::unique_ptr<api::Transport> transport_;
  std::optional<api::ControlPlane> plane_;
};

Result<std::shared_ptr<SharedCredential>> credential_of(const Connection& connection, const RunOptions& options,
                                                        Context& context) {
  if (connection.session) return std::make_shared<SharedCredential>(connection, options.directories.data);
  if (!connection.credential) return std::make_shared<SharedCredential>(config::Secret{});
  const auto stored = [&context](std::string_view name) -> Result<config::Secret> {
    const auto plane = context.local_control_plane();
    if (!plane) return std::unexpected(plane.error());
    return (*plane)->reveal_secret(name);
  };
  auto secret =
      config::resolve(*connection.credential, options.directories.configuration, std::chrono::seconds{30}, stored);
  if (!secret) return std::unexpected(std::move(secret.error()));
  return std::make_shared<SharedCredential>(std::move(*secret));
}

/// The account of the project by its name, or the one that the environment names.
Result<AgentClient> client_of(const std::string& account, Context& context) {
  AgentTokenOptions wanted;
  wanted.account = account;
  auto client = agent_client(wanted, context);
  if (!client && !account.empty()) {
    if (auto other = agent_client({}, context); other) client = std::move(other);
  }
  return client;
}

}  // namespace

Result<std::vector<model::SecretReference>> own_secrets(const Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  std::vector<model::SecretReference> references;
  for (const auto* reference : {&(*connection)->credential, &(*connection)->session}) {
    if (*reference) references.push_back(**reference);
  }
  return references;
}

Result<RunPlanes> run_planes(const RunOptions& options, Context& context) {
  RunPlanes planes{.local = [data = options.directories.data] { return server::open_embedded(data); }};
  const auto chosen = context.connection();
  if (!chosen) return std::unexpected(chosen.error());
  const auto& connection = **chosen;
  if (connection.is_local()) return planes;
  const auto credential = credential_of(connection, options, context);
  if (!credential) return std::unexpected(credential.error());
  const auto opener = [connection](api::RequestCredential with) -> OpenTransport {
    return [connection, with = std::move(with)]() -> Result<std::unique_ptr<api::Transport>> {
      return api::open_http(
          {.endpoint = connection.endpoint, .ca_file = connection.ca_file, .timeout = answer_time, .credential = with});
    };
  };
  const auto get = [shared = *credential](std::string_view refused) { return shared->get(refused); };
  const auto client = [&context, account = options.project.agent.account]() -> Result<runagents::AgentClient> {
    const auto named = client_of(account, context);
    if (!named) return std::unexpected(named.error());
    auto secret = secret_value(named->secret, context);
    if (!secret) return std::unexpected(std::move(secret.error()));
    return runagents::AgentClient{named->client_id, std::make_shared<const config::Secret>(std::move(*secret))};
  };
  planes.remote.emplace(
      RemotePlane{.endpoint = connection.endpoint, .open = opener(get), .anonymous = opener({}), .client = client});
  return planes;
}

void deliver_left_runs(Context& context) {
  const auto connection = context.connection();
  const auto directories = context.directories();
  if (!connection || !directories || (*connection)->is_local()) return;
  const auto plane = context.control_plane();
  if (plane) deliver_left_records(directories->data / "runs", (*connection)->endpoint, **plane);
}

}  // namespace runagents::cli
