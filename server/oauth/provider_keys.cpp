#include "server/oauth/provider_keys.hpp"

#include <chrono>
#include <utility>

namespace runagents::server {

Result<ProviderKeys::Verdict> ProviderKeys::judge(std::string_view token, std::uint64_t version, const Load& load) {
  std::unique_lock lock{mutex_};
  if (!verifier_ || version_ != version) {
    auto providers = load();
    if (!providers) return std::unexpected(std::move(providers.error()));
    verifier_.emplace(std::move(*providers));
    version_ = version;
  }
  while (await_keys(lock, token)) {
  }
  return verifier_->verify(token, std::chrono::system_clock::now());
}

bool ProviderKeys::await_keys(std::unique_lock<std::mutex>& lock, std::string_view token) {
  const auto now = std::chrono::system_clock::now();
  const auto* wanted = verifier_->needs_keys(token, now);
  if (wanted == nullptr) return false;
  if (fetching_.contains(wanted->name)) {
    // Keys that are only due to be renewed serve until they are.
    if (verifier_->verify(token, now) || waiting_ >= max_waiting) return false;
    ++waiting_;
    fetched_.wait(lock);
    --waiting_;
    return true;
  }
  const auto provider = *wanted;
  const auto version = version_;
  fetching_.insert(provider.name);
  lock.unlock();
  auto keys = fetch_(provider);
  lock.lock();
  fetching_.erase(provider.name);
  // What was fetched for a provider that has been changed meanwhile may be another one's.
  if (version == version_) verifier_->take_keys(provider, std::move(keys), std::chrono::system_clock::now());
  fetched_.notify_all();
  return true;
}

}  // namespace runagents::server
