#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/policy.hpp"
#include "core/model/provider.hpp"
#include "core/model/tool.hpp"

namespace runagents::model {

struct Agent {
  std::string name;
  std::vector<std::string> command;
  std::string system_prompt;
  std::vector<std::string> tools;  ///< names; the reader fills in all tools when the file names none
  std::string account;
  std::map<std::string, std::string> environment;
  Limits limits;  ///< over all tools and models together
};

struct IdentityProvider {
  std::string name;
  std::string issuer;
  std::string jwks_uri;
  std::string ca_file;  ///< PEM bundle to trust instead of the system's roots; empty: the system's
  std::vector<std::string> audiences;
  std::string user_id_claim = "email";
  /// Canonical host names; empty: all.
  std::vector<std::string> allowed_client_domains;  ///< of applications, as `Origin` names them
  std::vector<std::string> allowed_email_domains;   ///< of users' e-mail addresses
};

/// The way in for requests to the agent (`run --ingress`).
struct Ingress {
  enum class Access {
    authenticated,  ///< every request brings a token of an identity provider
    open            ///< requests without a token come in, too, on behalf of nobody
  };
  std::optional<Access> access;  ///< nothing: authenticated, when there is an identity provider
  std::uint16_t port = 0;        ///< on which the agent listens; 0: chosen for the run
  std::chrono::milliseconds start_timeout{std::chrono::seconds{20}};  ///< how long it may take until it listens
};

/// How events are kept.
struct Audit {
  bool fsync = false;  ///< each event reaches the disk before its call is answered: survives a power failure, too
};

/// A whole runagents.toml, checked: every name it mentions exists, every URL and pattern is canonical. A value.
struct Project {
  std::filesystem::path file;       ///< absolute
  std::filesystem::path directory;  ///< where `file` is; relative paths inside it start here
  std::string trust_domain = "local";
  Agent agent;
  Audit audit;
  Ingress ingress;
  std::vector<Tool> tools;  ///< in the order of the file, as are the lists below
  std::vector<Policy> policies;
  std::vector<Model> models;
  std::vector<Provider> providers;
  std::vector<IdentityProvider> identity_providers;

  [[nodiscard]] const Tool* tool(std::string_view name) const noexcept;
  [[nodiscard]] const Provider* provider(std::string_view name) const noexcept;
  /// `spiffe://<trust-domain>/agent/<name>`
  [[nodiscard]] std::string agent_identity() const;
};

/// The same project with the upstreams of its providers behind its tools, for whoever treats all upstreams alike.
[[nodiscard]] Project with_providers_as_tools(Project project);

}  // namespace runagents::model
