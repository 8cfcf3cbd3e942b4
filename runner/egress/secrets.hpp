#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "core/config/secret.hpp"
#include "core/http/async.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// Secrets that were resolved before the agent was started, by reference.
using SecretsAhead = std::map<std::string, Result<config::Secret>>;

/// Resolves what `file:`, `exec:` and `keyring:` references of these tools lead to. While the agent runs it may change
/// files, and with them what a command outside of the fence would do or what a file would be. Blocks as long as
/// commands take.
[[nodiscard]] SecretsAhead resolve_ahead(std::span<const model::Tool* const> tools,
                                         const std::filesystem::path& directory);

/// Follows secret references while a run is under way. What was resolved ahead stays what it was, a failure included.
/// Of the engine's thread; what blocks happens on the worker.
class Secrets {
 public:
  /// `stored` reads the encrypted store; it is called on the worker.
  Secrets(Worker& worker, std::filesystem::path directory, SecretsAhead ahead, config::StoredSecrets stored)
      : worker_{worker}, directory_{std::move(directory)}, ahead_{std::move(ahead)}, stored_{std::move(stored)} {}

  [[nodiscard]] http::Task<Result<config::Secret>> read(model::SecretReference reference);
  /// Whether reading it again could give something else.
  [[nodiscard]] bool may_change(const model::SecretReference& reference) const;

 private:
  Worker& worker_;
  std::filesystem::path directory_;
  SecretsAhead ahead_;
  config::StoredSecrets stored_;
};

}  // namespace runagents::egress
