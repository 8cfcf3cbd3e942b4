#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/auth/key_set.hpp"
#include "core/auth/token_cache.hpp"
#include "core/auth/token_verifier.hpp"
#include "tests/unit/core/auth/signing_key.hpp"

// What an end user's token costs the ingress: never seen before, and seen before (token_cache.hpp). Times are of single
// calls; `p50_ns` is their median.

namespace {

using namespace runagents;
using namespace runagents::auth;
using tests::SigningKey;
using Clock = std::chrono::steady_clock;

const std::chrono::sys_seconds now{std::chrono::seconds{1'790'000'000}};

model::IdentityProvider provider() {
  model::IdentityProvider result;
  result.name = "bench";
  result.issuer = "https://id.example.com";
  result.audiences = {"app"};
  return result;
}

/// As an OpenID provider's ID tokens are.
nlohmann::json claims(std::size_t number) {
  const auto seconds = now.time_since_epoch().count();
  const auto user = "user" + std::to_string(number);
  return {{"iss", "https://id.example.com"},
          {"aud", "app"},
          {"sub", "248289761001-" + user},
          {"email", user + "@example.com"},
          {"email_verified", true},
          {"name", "Ada Lovelace"},
          {"groups", {"finance", "support"}},
          {"sid", "08a5019c-17e1-4977-8f42-65a12843ea02"},
          {"nonce", "n-0S6_WzA2Mj"},
          {"at_hash", "77QmUPtjPfzWtF2AnpK9RQ"},
          {"auth_time", seconds - 20},
          {"iat", seconds - 10},
          {"exp", seconds + 600}};
}

/// More tokens than the cache holds: whoever takes them in turn always has one that was forgotten.
constexpr std::size_t never_seen = TokenCache::max_tokens + 1;

const std::vector<std::string>& tokens(const SigningKey& key) {
  static std::map<std::string, std::vector<std::string>> made;
  auto& result = made[key.algorithm()];
  while (result.size() < never_seen) result.push_back(key.issue("k", claims(result.size())));
  return result;
}

TokenVerifier verifier(const SigningKey& key) {
  auto keys = KeySet::parse(nlohmann::json{{"keys", {key.jwk("k")}}}.dump());
  TokenVerifier result{{provider()}};
  if (!keys) return result;
  result.take_keys(
      provider(),
      FetchedKeys{.keys = std::make_shared<const KeySet>(*std::move(keys)), .fresh_for = std::chrono::seconds{600}},
      now);
  return result;
}

/// `count` tokens in turn, each of which was verified once before.
template <class Call>
void measure(benchmark::State& state, const SigningKey& key, std::size_t count, Call call) {
  const auto& all = tokens(key);
  const auto judge = verifier(key);
  std::vector<double> nanoseconds;
  for (std::size_t i = 0; i < count; ++i) {
    if (!judge.verify(all[i], now)) return state.SkipWithError("a token was refused");
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& token = all[next++ % count];
    const auto start = Clock::now();
    benchmark::DoNotOptimize(call(judge, token));
    const std::chrono::duration<double> taken = Clock::now() - start;
    state.SetIterationTime(taken.count());
    nanoseconds.push_back(taken.count() * 1e9);
  }
  if (nanoseconds.empty()) return;
  const auto middle = nanoseconds.begin() + static_cast<std::ptrdiff_t>(nanoseconds.size() / 2);
  std::ranges::nth_element(nanoseconds, middle);
  state.counters["p50_ns"] = *middle;
  state.counters["token_bytes"] = static_cast<double>(all.front().size());
}

constexpr std::size_t well_known = 1000;

void verify(benchmark::State& state, const char* algorithm, std::size_t count) {
  measure(state, SigningKey::of(algorithm), count,
          [](const TokenVerifier& judge, const std::string& token) { return judge.verify(token, now).has_value(); });
}

/// What the ingress asks per request.
void needs_keys_and_verify(benchmark::State& state, const char* algorithm, std::size_t count) {
  measure(state, SigningKey::of(algorithm), count, [](const TokenVerifier& judge, const std::string& token) {
    return judge.needs_keys(token, now) == nullptr && judge.verify(token, now).has_value();
  });
}

BENCHMARK_CAPTURE(verify, RS256_new, "RS256", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(verify, RS256_seen, "RS256", well_known)->UseManualTime();
BENCHMARK_CAPTURE(verify, PS256_new, "PS256", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(verify, PS256_seen, "PS256", well_known)->UseManualTime();
BENCHMARK_CAPTURE(verify, ES256_new, "ES256", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(verify, ES256_seen, "ES256", well_known)->UseManualTime();
BENCHMARK_CAPTURE(verify, ES384_new, "ES384", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(verify, ES384_seen, "ES384", well_known)->UseManualTime();
BENCHMARK_CAPTURE(verify, EdDSA_new, "EdDSA", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(verify, EdDSA_seen, "EdDSA", well_known)->UseManualTime();
BENCHMARK_CAPTURE(needs_keys_and_verify, RS256_new, "RS256", never_seen)->UseManualTime();
BENCHMARK_CAPTURE(needs_keys_and_verify, RS256_seen, "RS256", well_known)->UseManualTime();

}  // namespace
