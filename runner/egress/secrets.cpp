#include "runner/egress/secrets.hpp"

namespace runagents::egress {

using Kind = model::SecretReference::Kind;
using Resolved = Result<config::Secret>;

namespace {

constexpr std::chrono::seconds time_limit{30};

}  // namespace

SecretsAhead resolve_ahead(std::span<const model::Tool* const> tools, const std::filesystem::path& directory) {
  SecretsAhead ahead;
  for (const auto* tool : tools) {
    for (const auto& reference : tool->auth.references()) {
      // What is kept in the store is out of the agent's reach; the program that asks the keyring is looked for in PATH.
      if (reference.kind == Kind::env || reference.kind == Kind::store) continue;
      const auto name = reference.to_string();
      if (!ahead.contains(name)) ahead.emplace(name, config::resolve(reference, directory));
    }
  }
  return ahead;
}

http::Task<Resolved> Secrets::read(model::SecretReference reference) {
  if (const auto known = ahead_.find(reference.to_string()); known != ahead_.end()) {
    if (!known->second) co_return std::unexpected(known->second.error());
    co_return config::Secret{std::string{known->second->reveal()}};
  }
  // The environment is this process's own memory; everything else may block.
  if (reference.kind == Kind::env) co_return config::resolve(reference, directory_);
  co_return co_await offload<Resolved>(
      worker_, [this, reference] { return config::resolve(reference, directory_, time_limit, stored_); });
}

bool Secrets::may_change(const model::SecretReference& reference) const {
  return reference.kind != Kind::env && !ahead_.contains(reference.to_string());
}

}  // namespace runagents::egress
