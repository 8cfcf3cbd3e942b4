#pragma once

#include <functional>
#include <string>

#include "cli/context.hpp"
#include "core/config/user_configuration.hpp"

namespace runagents::cli {

struct ContextName {
  std::string name = {};
  bool yes = false;
  bool dry_run = false;
};

struct ContextAdd {
  std::string name = {};
  std::string endpoint = {};
  std::string credential = {};  ///< a secret reference; empty: none
  std::string ca_file = {};
  bool use = false;
  bool dry_run = false;
};

struct ConfigSet {
  std::string key = {};
  std::string value = {};
  bool dry_run = false;
};

[[nodiscard]] Outcome list_contexts(Context& context);
[[nodiscard]] Outcome use_context(const ContextName& options, Context& context);
[[nodiscard]] Outcome add_context(const ContextAdd& options, Context& context);
[[nodiscard]] Outcome remove_context(const ContextName& options, Context& context);
/// Of the one that commands are pointed at, when no name is given.
[[nodiscard]] Outcome show_context(const ContextName& options, Context& context);

/// `config get KEY`: "endpoint", "context", or "api-key", of which only the reference is told.
[[nodiscard]] Outcome get_config(const std::string& key, Context& context);
/// `config set endpoint URL`, `config set api-key` (the value from standard input or a prompt), `config set context`.
[[nodiscard]] Outcome set_config(const ConfigSet& options, Context& context);

/// The person's configuration as it is.
[[nodiscard]] Result<config::UserConfiguration> user_configuration(const Context& context);
/// Changes it, one process at a time.
[[nodiscard]] Result<void> change_user_configuration(
    const Context& context, const std::function<Result<void>(config::UserConfiguration&)>& change);

}  // namespace runagents::cli
