#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

struct ServerOptions {
  std::string name = {};
  std::string new_name = {};
  std::string description = {};
  std::string url = {};
  std::vector<std::string> command = {};
  std::string auth_type = {};
  std::string header = {};    ///< of an API key, over HTTP
  std::string variable = {};  ///< of an API key, for a command
  std::string prefix = {};    ///< before the key
  std::string issuer = {};    ///< of OAuth
  std::string client_id = {};
  std::vector<std::string> scopes = {};
  std::string ca_file = {};                   ///< as the control plane finds it
  std::vector<std::string> environment = {};  ///< NAME=VALUE, for a command
  std::string status = {};
  std::string secret = {};  ///< a secret reference
  bool dry_run = false;
};

[[nodiscard]] Outcome create_server(const ServerOptions& options, Context& context);
[[nodiscard]] Outcome update_server(const ServerOptions& options, Context& context);

}  // namespace runagents::cli
