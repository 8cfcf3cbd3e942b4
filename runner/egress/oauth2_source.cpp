#include "runner/egress/oauth2_source.hpp"

#include <algorithm>

#include "core/auth/hash.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using State = ConsentAsked::State;
using std::chrono::system_clock;

/// How often a held call looks whether the consent was given elsewhere.
constexpr std::chrono::milliseconds look_period{300};
/// A tool that refuses a token which has just been renewed because of it does not mean the token.
constexpr std::chrono::seconds renewal_pause{30};
constexpr std::size_t max_entries = 1024;

bool is_same(const std::shared_ptr<const Credential>& left, const std::shared_ptr<const Credential>& right) {
  return left && right && auth::equal_in_constant_time(left->value.reveal(), right->value.reveal());
}

std::shared_ptr<const Credential> make_credential(const model::Tool& tool, const AccessToken& token) {
  auto credential = std::make_shared<Credential>();
  credential->value = config::Secret{"Bearer " + std::string{token.value.reveal()}};
  credential->field = "Authorization";
  credential->label = "oauth2 " + token.label;
  if (tool.scrubs()) {
    credential->scrub = std::make_shared<const ScrubPatterns>(std::vector{token.value.reveal()});
  }
  return credential;
}

}  // namespace

/// One question to the token worker, for all calls that come while it is open. Each call asks: a consent that another
/// process takes back counts at once, for the price of reading one row on another thread.
struct OAuth2Source::Flight {
  http::Timer landed;
  std::shared_ptr<const Credential> found = nullptr;
  std::optional<NoToken> failure{};
};

struct OAuth2Source::Entry {
  std::shared_ptr<Flight> flight;
  std::shared_ptr<const Credential> reissued;  ///< in place of one that the tool had refused
  Clock::time_point reissued_at;
};

std::shared_ptr<OAuth2Source::Entry> OAuth2Source::entry_of(const Call& call) {
  std::string key{call.end_user};
  if (call.user_token && tool_.auth.may_use(model::OAuthGrant::token_exchange)) {
    key.append("\n").append(auth::view(auth::sha256(call.user_token->reveal())));
  }
  if (entries_.size() >= max_entries && !entries_.contains(key)) {
    std::erase_if(entries_, [](const auto& one) { return one.second->flight == nullptr; });
  }
  auto& entry = entries_[key];
  if (!entry) entry = std::make_shared<Entry>();
  return entry;
}

std::shared_ptr<const TokenWanted> OAuth2Source::wanted_by(const Call& call, const Credential* refused) {
  auto wanted = std::make_shared<TokenWanted>();
  wanted->user = call.end_user;
  if (call.user_token) wanted->user_token = config::Secret{std::string{call.user_token->reveal()}};
  constexpr std::string_view scheme = "Bearer ";
  if (refused != nullptr) wanted->refused = config::Secret{std::string{refused->value.reveal().substr(scheme.size())}};
  return wanted;
}

http::Task<OAuth2Source::Obtained> OAuth2Source::obtain(const Call& call, std::shared_ptr<const Credential> refused) {
  const auto entry = entry_of(call);
  while (const auto flight = entry->flight) {
    static_cast<void>(co_await flight->landed.async_wait(http::by_value));
    if (flight->failure) co_return std::unexpected(*flight->failure);
    // It may have begun before anybody knew that the tool refuses this one.
    if (!is_same(flight->found, refused)) co_return flight->found;
  }
  const auto flight = std::make_shared<Flight>(
      Flight{http::Timer{co_await http::asio::this_coro::executor, http::Timer::time_point::max()}});
  entry->flight = flight;
  auto token = co_await tokens_.obtain(wanted_by(call, refused.get()));
  entry->flight.reset();
  if (token) {
    flight->found = make_credential(tool_, *token);
  } else {
    flight->failure = token.error();
  }
  flight->landed.cancel();
  if (flight->failure) co_return std::unexpected(*flight->failure);
  co_return flight->found;
}

http::Task<Verdict> OAuth2Source::inject(Call& call, Exchange& exchange) {
  for (;;) {
    auto obtained = co_await obtain(call, nullptr);
    if (obtained) {
      call.credential = *obtained;
      co_return pass();
    }
    const auto& why = obtained.error();
    if (!why.needs_consent) co_return refuse(credential_unavailable, why.message, why.hint);
    auto consent = co_await seek_consent(call, exchange);
    if (!consent) co_return consent;
  }
}

http::Task<bool> OAuth2Source::renew(Call& call) {
  const auto refused = call.credential;
  const auto entry = entry_of(call);
  if (is_same(entry->reissued, refused) && Clock::now() < entry->reissued_at + renewal_pause) co_return false;
  const auto obtained = co_await obtain(call, refused);
  if (!obtained || is_same(*obtained, refused)) co_return false;
  entry->reissued = *obtained;
  entry->reissued_at = Clock::now();
  call.credential = *obtained;
  co_return true;
}

std::unexpected<Refusal> OAuth2Source::needs_consent(const Call& call, std::string_view what, std::string hint,
                                                     const ConsentAsked* asked) const {
  const auto user = call.end_user.empty() ? std::string{"its user"} : std::string{call.end_user};
  auto refusal =
      refuse(consent_required, tool_.title() + " needs the consent of " + user + std::string{what}, std::move(hint));
  if (asked != nullptr) {
    refusal.error().authorization_url = asked->url;
    refusal.error().resume_id = asked->id;
    refusal.error().expires_at = model::to_iso8601(asked->expires_at);
  }
  return refusal;
}

std::string OAuth2Source::start_command(const Call& call) const {
  return "runagents consents start " + tool_.name + " --user " + std::string{call.end_user};
}

http::Task<Verdict> OAuth2Source::seek_consent(Call& call, Exchange& exchange) {
  if (call.end_user.empty()) {
    // Whoever gave it would give it for all users to come.
    co_return needs_consent(call, ", and this call is made for nobody",
                            "name the user (run --user), or give a consent for all users: runagents consents start " +
                                tool_.name + " --shared",
                            nullptr);
  }
  const std::string user{call.end_user};
  if (refusing_.contains(user)) {
    co_return needs_consent(call, ", who has refused it in this run", start_command(call), nullptr);
  }
  if (run_.mode == ConsentMode::deny) {
    co_return needs_consent(call, ", and this run asks for none (--on-consent=deny)", start_command(call), nullptr);
  }
  auto asked = run_.desk.ask({tool_, user}, run_.timeout,
                             [this, user](Redemption redemption) { return redeem(user, std::move(redemption)); });
  if (!asked) co_return refuse(credential_unavailable, asked.error().message, asked.error().hint);
  if (announced_.insert((*asked)->id).second) {
    note("CONSENT_REQUIRED", user, **asked, "for the tool " + tool_.name);
    if (run_.announce) run_.announce({tool_, user, **asked});
  }
  if (run_.mode == ConsentMode::give_back) {
    co_return needs_consent(call, "", "retry the same call when it has been given at authorization_url", asked->get());
  }
  const auto verdict = co_await hold(call, exchange, *asked);
  co_return verdict;
}

http::Task<Result<void>> OAuth2Source::redeem(std::string user, Redemption redemption) {
  const auto redeemed = co_await tokens_.redeem(user, std::move(redemption));
  if (!redeemed) co_return std::unexpected(redeemed.error());
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"consent_id", redeemed->id}, {"tool", tool_.name}, {"end_user", user}}};
  run_.recorder.note("CONSENT_GIVEN", "", fields);
  co_return Result<void>{};
}

/// Waits until the person has answered, here or by another process, or time is up.
http::Task<Verdict> OAuth2Source::hold(Call& call, Exchange& exchange, std::shared_ptr<ConsentAsked> asked) {
  // With its small body read, the connection shows when the agent goes away.
  if (!call.held_body && !exchange.body_is_here() && !call.head->expects_continue) {
    static_cast<void>(co_await exchange.gather_small_body());
  }
  const auto from = Clock::now();
  http::Timer timer{co_await http::asio::this_coro::executor};
  bool gone = false;
  exchange.on_gone = [&timer, &gone] {
    gone = true;
    timer.cancel();
  };
  asked->waiting.insert(&timer);
  run_.pauses.begin(model::RunStatus::paused_consent);
  bool is_elsewhere = false;
  const auto is_time = [&] {
    return asked->state != State::redeeming &&
           (Clock::now() >= from + run_.timeout || system_clock::now() >= asked->expires_at);
  };
  while (!asked->is_over() && !gone && !is_elsewhere && !is_time()) {
    timer.expires_after(look_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    if (asked->is_over() || gone) break;
    const auto elsewhere = co_await obtain(call, nullptr);
    is_elsewhere = elsewhere.has_value();
  }
  run_.pauses.end(model::RunStatus::paused_consent);
  asked->waiting.erase(&timer);
  exchange.on_gone = nullptr;
  call.waited += std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from);
  if (is_elsewhere) run_.desk.withdraw(asked);
  if (gone) co_return needs_consent(call, ", and the agent did not wait for it", start_command(call), nullptr);
  const bool is_late = Clock::now() >= from + run_.timeout;
  co_return after_hold(call, *asked, is_late && !is_elsewhere);
}

Verdict OAuth2Source::after_hold(const Call& call, const ConsentAsked& asked, bool is_late) {
  switch (asked.state) {
    case State::given:
      return pass();
    case State::refused:
      if (refusing_.insert(std::string{call.end_user}).second) note("CONSENT_REFUSED", call.end_user, asked);
      return needs_consent(call, ", who has refused it", "do something else; " + start_command(call) + " asks again",
                           nullptr);
    case State::failed:
      return refuse(credential_unavailable, "the consent for " + tool_.title() + " failed: " + asked.message,
                    "the next call asks again");
    default:
      break;
  }
  // Given elsewhere, or to be asked again because the question was older than this call.
  if (!is_late) return pass();
  return needs_consent(call, ", who did not give it in time", start_command(call), nullptr);
}

void OAuth2Source::note(std::string_view type, std::string_view user, const ConsentAsked& asked,
                        std::string_view detail) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> fields = {
      {{"resume_id", asked.id}, {"tool", tool_.name}, {"end_user", user}}};
  run_.recorder.note(type, detail, fields);
}

}  // namespace runagents::egress
