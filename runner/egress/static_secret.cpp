#include "runner/egress/static_secret.hpp"

#include <openssl/crypto.h>

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"

namespace runagents::egress {
namespace {

using model::AuthType;

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

std::shared_ptr<const Credential> make_credential(const model::Auth& auth, const config::Secret& secret) {
  auto credential = std::make_shared<Credential>();
  credential->value = config::Secret{injected_value(auth, secret)};
  credential->label = std::string{word(auth.type)} + " " + auth.secret->to_string();
  const bool in_query = auth.type == AuthType::api_key && auth.place == model::Auth::Place::query;
  if (in_query) {
    credential->parameter = auth.name;
  } else {
    credential->field = auth.type == AuthType::api_key ? auth.name : "Authorization";
  }
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
                     "the credential of the tool \"" + tool_.name + "\" is not available: " + secret.error().message,
                     secret.error().hint);
  }
  credential_ = make_credential(tool_.auth, *secret);
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
  if (!secrets_.may_change(*tool_.auth.secret)) co_return false;
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
  if (!credential_ || credential_->value.reveal() == refused->value.reveal()) co_return false;
  call.credential = credential_;
  co_return true;
}

}  // namespace runagents::egress
