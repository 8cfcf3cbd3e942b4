#pragma once

namespace runagents::cli {

/// What stands in an argument or in the value of a flag, for whoever completes it.
enum class Means {
  text,  ///< nothing that could be listed
  file,
  directory,
  context,
  run,
  agent,
  tool,
  policy,
  provider,  ///< of models
  approval,
  pending_approval,
  approval_grant,
  connector,
  consent,
  secret,
  account,
  delegation,
  server,
  user,
  api_key,
  identity_provider,
  resource_kind,  ///< as apply and export name them
};

}  // namespace runagents::cli
