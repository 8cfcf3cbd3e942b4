#include "runner/egress/consent_desk.hpp"

#include <algorithm>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/auth/percent.hpp"
#include "core/auth/pkce.hpp"
#include "core/auth/stored_tokens.hpp"
#include "core/auth/token_response.hpp"

namespace runagents::egress {
namespace {

using State = ConsentAsked::State;
using std::chrono::sys_seconds;

/// Questions that are open at the same time; users come and go, and an agent can bring all of them.
constexpr std::size_t max_open = 256;

sys_seconds clock_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

BrowserPage nothing_stored(int status, std::string why) {
  return {status, "Nothing was stored", std::move(why) + " You can close this window."};
}

}  // namespace

struct ConsentDesk::Pending {
  std::shared_ptr<ConsentAsked> asked;
  const model::Tool* tool;
  auth::ConsentSubject subject;
  std::string nonce;
  std::string verifier;
  std::string path;  ///< of the redirect URI
  std::string redirect_uri;
  sys_seconds expires_at;
  Redeem redeem;
};

ConsentDesk::ConsentDesk(http::asio::io_context& context, std::string run, std::string agent,
                         RedirectReceiver::Refuses refuses)
    : context_{context},
      run_{std::move(run)},
      agent_{std::move(agent)},
      refuses_{std::move(refuses)},
      states_{auth::random_bytes(32)} {}

ConsentDesk::~ConsentDesk() = default;

Result<RedirectReceiver*> ConsentDesk::receiver_at(std::uint16_t port) {
  auto& receiver = receivers_[port];
  if (!receiver) {
    auto opened = RedirectReceiver::open(
        context_, port, [this](std::string target) { return answer(std::move(target)); }, refuses_);
    if (!opened) return std::unexpected(opened.error());
    receiver = std::move(*opened);
  }
  return receiver.get();
}

void ConsentDesk::drop_overdue() {
  const auto now = clock_now();
  for (const auto& pending : std::vector{pending_}) {
    if (pending->asked->state == State::open && now >= pending->expires_at) finish(pending, State::withdrawn);
  }
}

Result<std::shared_ptr<ConsentAsked>> ConsentDesk::ask(const Subject& subject, std::chrono::seconds timeout,
                                                       Redeem redeem) {
  drop_overdue();
  const auto same = std::ranges::find_if(pending_, [&subject](const auto& one) {
    return one->tool == &subject.tool && one->subject.user == subject.user;
  });
  if (same != pending_.end()) return (*same)->asked;
  if (pending_.size() >= max_open) {
    return fail(ErrorCode::unavailable, "too many people are being asked for their consent at the same time");
  }
  const auto receiver = receiver_at(subject.tool.auth.redirect_port);
  if (!receiver) return std::unexpected(receiver.error());
  auto pending = std::make_shared<Pending>();
  pending->asked = std::make_shared<ConsentAsked>();
  pending->tool = &subject.tool;
  pending->subject = {run_, subject.tool.name, auth::token_place(subject.tool, subject.user).client, subject.user};
  pending->nonce = auth::random_bytes(32);
  pending->verifier = auth::new_code_verifier();
  // A path of its own for each tool: an answer that another authorization server was made to send here is known by it
  // (RFC 9700, section 4.4.2.2), also from servers that do not say who they are.
  pending->path = "/callback/" + auth::percent_encoded(subject.tool.name);
  pending->redirect_uri = "http://" + (*receiver)->authority() + pending->path;
  pending->expires_at = clock_now() + timeout;
  pending->redeem = std::move(redeem);
  const auto state = states_.issue(pending->subject, pending->nonce, pending->expires_at);
  auto& asked = *pending->asked;
  ids_.next(asked.id);
  asked.expires_at = pending->expires_at;
  asked.url =
      auth::authorization_url(subject.tool.auth, pending->redirect_uri, state, auth::code_challenge(pending->verifier));
  pending_.push_back(pending);
  return pending->asked;
}

void ConsentDesk::withdraw(const std::shared_ptr<ConsentAsked>& asked) {
  const auto found = std::ranges::find(pending_, asked, &Pending::asked);
  if (found == pending_.end() || asked->state != State::open) return;
  finish(*found, State::withdrawn);
}

void ConsentDesk::finish(std::shared_ptr<Pending> pending, State state, std::string message) {
  auto& asked = *pending->asked;
  asked.state = state;
  asked.message = std::move(message);
  for (auto* one : asked.waiting) one->cancel();
  const auto port = pending->tool->auth.redirect_port;
  std::erase(pending_, pending);
  // A port that was asked for by number is for others, too.
  const auto uses_port = [port](const auto& one) { return one->tool->auth.redirect_port == port; };
  if (port != 0 && std::ranges::none_of(pending_, uses_port)) receivers_.erase(port);
}

/// The question that this is the answer to. It is closed for others from now on, whatever comes of this one.
std::shared_ptr<ConsentDesk::Pending> ConsentDesk::take(std::string_view path, std::string_view state) {
  const auto now = clock_now();
  const auto found = std::ranges::find_if(pending_, [&](const auto& one) {
    return one->asked->state == State::open && states_.accepts(state, one->subject, one->nonce, one->expires_at, now);
  });
  if (found == pending_.end()) return nullptr;
  auto pending = *found;
  pending->asked->state = State::redeeming;
  if (pending->path == path) return pending;
  finish(pending, State::failed, "its answer came back at the address of another tool");
  return nullptr;
}

http::Task<BrowserPage> ConsentDesk::answer(std::string target) {
  const auto mark = std::min(target.find('?'), target.size());
  const auto path = std::string_view{target}.substr(0, mark);
  const auto query = std::string_view{target}.substr(std::min(mark + 1, target.size()));
  if (!path.starts_with("/callback/")) co_return nothing_stored(404, "There is nothing here.");
  auto response = auth::read_authorization_response(query);
  if (!response) {
    co_return nothing_stored(
        400, "This is not the answer of an authorization server: " + std::string{response.error()} + ".");
  }
  const auto pending = take(path, response->state);
  if (!pending) {
    co_return nothing_stored(400, "Nobody has asked for this, or it was answered already, or it took too long.");
  }
  auto page = co_await settle(pending, std::move(*response));
  co_return page;
}

http::Task<BrowserPage> ConsentDesk::settle(std::shared_ptr<Pending> pending, auth::AuthorizationResponse response) {
  const auto& tool = *pending->tool;
  if (!tool.auth.issuer.empty() && response.iss != tool.auth.issuer) {
    finish(pending, State::failed, "the answer did not come from " + tool.auth.issuer);
    co_return nothing_stored(400, "The answer did not come from the authorization server that was asked.");
  }
  if (response.error == "access_denied") {
    finish(pending, State::refused);
    co_return nothing_stored(200, "You did not give your consent.");
  }
  if (!response.error.empty()) {
    const auto why = "the authorization server says " + std::string{auth::known_error(response.error)};
    finish(pending, State::failed, why);
    co_return nothing_stored(400, "There is no consent: " + why + ".");
  }
  auto redeemed = co_await pending->redeem({response.code, pending->redirect_uri, pending->verifier});
  if (!redeemed) {
    finish(pending, State::failed, redeemed.error().message);
    co_return nothing_stored(400, "The consent could not be completed: " + redeemed.error().message + ".");
  }
  finish(pending, State::given);
  const auto user = pending->subject.user.empty() ? "all its users" : pending->subject.user;
  co_return BrowserPage{200, "Consent given",
                        "The agent " + agent_ + " may now use the tool " + tool.name + " for " + user +
                            ". You can close this window. \"runagents consents revoke\" takes it back."};
}

}  // namespace runagents::egress
