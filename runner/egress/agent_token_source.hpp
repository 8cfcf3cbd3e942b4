#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/shared_tokens.hpp"
#include "core/auth/sealer.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/credential.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/token_worker.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// As which agent account of which server tools of type agent_token are called.
struct AgentTokenRun {
  std::string endpoint;  ///< of the server, as api::checked_endpoint gives it
  OpenPlane open;        ///< a connection to it without a credential: the client says in the form who it is
  std::string client_id;
  std::shared_ptr<const config::Secret> client_secret;
  std::filesystem::path cache_directory;  ///< of the tokens that all processes of the user share
  auth::Sealer sealer;
};

/// What a token for a tool at `base` is asked for (RFC 8707): the MCP server, in its own URL, where the tool is one of
/// those behind the server's proxy; else empty, the whole server. Nothing: the tool is not at this server, and must not
/// get its tokens.
[[nodiscard]] std::optional<std::string> token_resource(const model::BaseUrl& base, std::string_view endpoint);

/// Credentials of type agent_token: a token of the run's agent account, alone or on behalf of the end user of the call.
/// It comes from the cache that all processes share, or from the server, is renewed before it ends, and once more when
/// the server says that the token itself is to blame. A slow token endpoint holds up this tool alone.
class AgentTokenSource final : public CredentialSource {
 public:
  AgentTokenSource(const model::Tool& tool, const AgentTokenRun& run);

  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange) override;
  /// A missing grant or session is answered with 401, too, and another token would not help.
  [[nodiscard]] bool is_to_blame(std::string_view challenge) const override;
  [[nodiscard]] http::Task<bool> renew(Call& call) override;
  void join() override { thread_.join(); }

 private:
  struct Entry;
  struct Minting;
  using Subject = std::pair<std::string, std::string>;  ///< type and name; both empty: the account alone

  [[nodiscard]] std::expected<Subject, Refusal> subject_of(const Call& call) const;
  http::Task<Result<std::shared_ptr<const Credential>>> obtain(Subject subject,
                                                               std::shared_ptr<const Credential> refused);

  const model::Tool& tool_;
  std::map<Subject, std::shared_ptr<Entry>> entries_;
  std::shared_ptr<Minting> minting_;  ///< of the thread below
  Worker thread_{1};
};

}  // namespace runagents::egress
