#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "core/config/secret.hpp"
#include "core/http/async.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// Secrets that were resolved before the agent was started, by reference.
using SecretsAhead = std::map<std::string, Result<config::Secret>>;

/// Resolves what `file:` and `exec:` references of these tools lead to. While the agent runs it may change files, and
/// with them what a command outside of the fence would do or what a file would be. Blocks as long as commands take.
[[nodiscard]] SecretsAhead resolve_ahead(std::span<const model::Tool* const> tools,
                                         const std::filesystem::path& directory);

/// The credentials of a run: resolved when a call first needs them, kept until the run ends, seen by nothing but the
/// upstream request. What was resolved ahead stays what it was, a failure included. Of the engine's thread; resolving
/// happens on the worker, once for many concurrent calls.
class Credentials {
 public:
  Credentials(Worker& worker, std::filesystem::path directory, SecretsAhead ahead);
  ~Credentials();

  /// credential: sets what is to be injected into the call. A reference that cannot be read refuses the call, and is
  /// tried again with the next.
  [[nodiscard]] http::Task<Verdict> inject(Call& call);

  /// Whether this version can inject that type of credential.
  [[nodiscard]] static bool supports(model::AuthType type) noexcept;

 private:
  struct Entry;
  http::Task<Verdict> resolve(const model::Tool& tool, Entry& entry);

  Worker& worker_;
  std::filesystem::path directory_;
  SecretsAhead ahead_;
  std::map<const model::Tool*, std::unique_ptr<Entry>> entries_;
};

}  // namespace runagents::egress
