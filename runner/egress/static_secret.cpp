#include "runner/egress/static_secret.hpp"

#include <openssl/crypto.h>

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"

namespace runagents::egress {
namespace {

using model::AuthType;

/// A tool that refuses a secret that has not changed is not a reason to ask for it with every call.
constexpr std::chrono::seconds back_off{5};

/// What stands in the field or parameter.
std::string injected_value(const model::Auth& auth, const config::Secret& secret) {
  if (auth.type == AuthType::basic) {
    std::string pair = auth.username;
    pair.append(":").append(secret.reveal());
    auto value = "Basic " + auth::base64(pair);
    OPENSSL_cleanse(pair.data(), pair.size());
    return value;
  }
  if (auth.place == model::Auth::Place::query) return auth::percent_encoded(secret.reveal());
  return auth.prefix + std::string{secret.reveal()};
}

/// Basic puts more together than the secret, and what it makes of it is as good as the secret.
std::shared_ptr<const ScrubPatterns> patterns_for(const Credential& credential, const model::Auth& auth,
                                                  const config::Secret& secret) {
  std::vector<std::string_view> secrets = {secret.reveal()};
  const auto value = credential.value.reveal();
  if (auth.type == AuthType::basic) secrets.push_back(value.substr(value.find(' ') + 1));
  return std::make_shared<const ScrubPatterns>(secrets);
}

std::shared_ptr<const Credential> make_credential(const model::Tool& tool, const config::Secret& secret) {
  const auto& auth = tool.auth;
  auto credential = std::make_shared<Credential>();
  credential->value = config::Secret{injected_value(auth, secret)};
  credential->label = std::string{word(auth.type)} + " " + auth.secret->to_string();
  const bool in_query = auth.type == AuthType::api_key && auth.place == model::Auth::Place::query;
  if (in_query) {
    credential->parameter = auth.name;
  } else {
    credential->field = auth.type == AuthType::api_key ? auth.name : "Authorization";
  }
  if (tool.scrubs()) credential->scrub = patterns_for(*credential, auth, secret);
  return credential;
}

}  // namespace

http::Task<Verdict> StaticSecret::resolve() {
  resolving_.emplace(co_await http::asio::this_coro::executor, http::Timer::time_point::max());
  const auto secret = co_await secrets_.read(*tool_.auth.secret);
  resolving_->cancel();
  resolving_.reset();
  if (!secret) {
    co_return refuse(model::RefusalCode::credential_unavailable,
                     "the credential of " + tool_.title() + " is not available: " + secret.error().message,
                     secret.error().hint);
  }
  credential_ = make_credential(tool_, *secret);
  co_return pass();
}

http::Task<Verdict> StaticSecret::inject(Call& call, Exchange& /*exchange*/) {
  while (!credential_) {
    if (resolving_) {
      static_cast<void>(co_await resolving_->async_wait(http::by_value));
      continue;
    }
    auto verdict = co_await resolve();
    if (!verdict) co_return verdict;
  }
  call.credential = credential_;
  co_return pass();
}

http::Task<bool> StaticSecret::renew(Call& call) {
  if (!secrets_.may_change(*tool_.auth.secret) || Clock::now() < quiet_until_) co_return false;
  // Of many calls that were refused together the first one asks again; the others find what it found.
  const auto refused = call.credential;
  while (credential_ == refused) {
    if (resolving_) {
      static_cast<void>(co_await resolving_->async_wait(http::by_value));
      if (credential_ == refused) co_return false;
      continue;
    }
    const auto verdict = co_await resolve();
    if (!verdict) co_return false;
  }
  if (!credential_ || credential_->value.reveal() == refused->value.reveal()) {
    quiet_until_ = Clock::now() + back_off;
    co_return false;
  }
  call.credential = credential_;
  co_return true;
}

}  // namespace runagents::egress
