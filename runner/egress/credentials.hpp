#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/config/secret.hpp"
#include "core/http/async.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// The credentials of a run: resolved when a call first needs them, kept until the run ends, seen by nothing but the
/// upstream request. Of the engine's thread; resolving happens on the worker, once for many concurrent calls.
class Credentials {
 public:
  Credentials(Worker& worker, std::filesystem::path directory);
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
  std::map<const model::Tool*, std::unique_ptr<Entry>> entries_;
};

}  // namespace runagents::egress
