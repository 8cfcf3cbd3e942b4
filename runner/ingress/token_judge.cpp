#include "runner/ingress/token_judge.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace runagents::ingress {

using std::chrono::system_clock;

struct TokenJudge::Fetch {
  explicit Fetch(http::asio::io_context& context) : over{context, http::Timer::time_point::max()} {}
  http::Timer over;
  bool is_over = false;
};

/// Whatever becomes of the fetch, those who wait for it go on.
struct TokenJudge::Ending {
  std::map<std::string, std::shared_ptr<Fetch>>& under_way;
  const std::string& provider;
  Fetch& fetch;

  ~Ending() {
    fetch.is_over = true;
    fetch.over.cancel();
    under_way.erase(provider);
  }
};

TokenJudge::TokenJudge(http::asio::io_context& context, std::vector<model::IdentityProvider> providers)
    : context_{context}, verifier_{std::move(providers)} {}

TokenJudge::~TokenJudge() = default;

http::Task<TokenJudge::Verdict> TokenJudge::judge(std::string token) {
  auto now = system_clock::now();
  const auto* provider = verifier_.needs_keys(token, now);
  auto verdict = verifier_.verify(token, now);
  if (provider == nullptr) co_return verdict;
  if (verdict) {
    http::asio::co_spawn(context_, start_or_join(*provider), http::asio::detached);
    co_return verdict;
  }
  co_await start_or_join(*provider);
  now = system_clock::now();
  co_return verifier_.verify(token, now);
}

http::Task<void> TokenJudge::start_or_join(const model::IdentityProvider& provider) {
  if (const auto found = under_way_.find(provider.name); found != under_way_.end()) {
    const auto fetch = found->second;
    while (!fetch->is_over) static_cast<void>(co_await fetch->over.async_wait(http::by_value));
    co_return;
  }
  const auto own = std::make_shared<Fetch>(context_);
  under_way_.emplace(provider.name, own);
  const Ending ending{under_way_, provider.name, *own};
  co_await fetch(provider);
}

http::Task<void> TokenJudge::fetch(const model::IdentityProvider& provider) {
  using Fetched = Result<auth::FetchedKeys>;
  auto keys = co_await egress::offload<Fetched>(worker_, [&provider] { return auth::fetch_keys(provider); });
  verifier_.take_keys(provider, std::move(keys), system_clock::now());
}

}  // namespace runagents::ingress
