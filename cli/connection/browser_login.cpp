#include <chrono>
#include <optional>
#include <utility>

#include "cli/connection/authorization_server.hpp"
#include "cli/connection/session.hpp"
#include "core/auth/authorization.hpp"
#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/auth/pkce.hpp"
#include "runner/egress/redirect_receiver.hpp"

namespace runagents::cli {
namespace {

using egress::BrowserPage;
using egress::RedirectReceiver;

constexpr std::string_view callback = "/callback";

/// Waits for the one answer that belongs to this login.
class Answer {
 public:
  Answer(std::string state, const AuthorizationServer& server) : state_{std::move(state)}, server_{server} {}

  http::Task<BrowserPage> take(std::string target) {
    const auto question = target.find('?');
    if (target.substr(0, question) != callback) {
      co_return BrowserPage{404, "Not here", "There is nothing at this address."};
    }
    auto query = question == std::string::npos ? std::string{} : target.substr(question + 1);
    const auto response = auth::read_authorization_response(query);
    // Anybody may send a browser here; what does not know the state changes nothing.
    if (!response || !auth::equal_in_constant_time(response->state, state_) || code_ || error_) {
      co_return BrowserPage{400, "Not this login", "This answer does not belong to the login that is under way."};
    }
    if (response->iss.empty() ? server_.names_itself : response->iss != server_.issuer) {
      co_return settle(Error{ErrorCode::unauthenticated, "the answer came from another server"});
    }
    if (!response->error.empty()) {
      co_return settle(
          Error{ErrorCode::forbidden, "the login was refused: " + std::string{auth::known_error(response->error)}});
    }
    code_ = response->code;
    co_return BrowserPage{200, "Logged in", "You can close this page and go back to the terminal."};
  }

  [[nodiscard]] bool is_here() const noexcept { return code_ || error_; }
  [[nodiscard]] Result<std::string> code() const {
    if (error_) return std::unexpected(*error_);
    if (code_) return *code_;
    return fail(ErrorCode::needs_person, "nobody has logged in",
                "--timeout waits longer; --device needs no browser here");
  }

 private:
  BrowserPage settle(Error error) {
    error_ = std::move(error);
    return {400, "Not logged in", "The login did not succeed; the terminal says why."};
  }

  std::string state_;
  const AuthorizationServer& server_;
  std::optional<std::string> code_;
  std::optional<Error> error_;
};

}  // namespace

Result<auth::Tokens> log_in_by_browser(const AuthorizationServer& server, const LoginSteps& steps,
                                       std::chrono::seconds timeout, const auth::Fetch& fetch) {
  if (server.authorization_url.empty()) {
    return fail(ErrorCode::unavailable, "the server has no login by browser", "runagents login --device");
  }
  const auto state = auth::base64url(auth::random_bytes(24));
  const auto verifier = auth::new_code_verifier();
  Answer answer{state, server};
  http::asio::io_context loop{1};
  auto receiver =
      RedirectReceiver::open(loop, 0, [&answer](std::string target) { return answer.take(std::move(target)); }, {});
  if (!receiver) return std::unexpected(receiver.error());
  model::Auth client;
  client.auth_url = server.authorization_url;
  client.token_url = server.token_url;
  client.client_id = login_client_id;
  client.ca_file = server.ca_file;
  const auto redirect_uri = "http://" + (*receiver)->authority() + std::string{callback};
  steps.show_page(auth::authorization_url(client, redirect_uri, state, auth::code_challenge(verifier)));
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!answer.is_here() && std::chrono::steady_clock::now() < end) loop.run_one_until(end);
  // The browser is still to be shown its page.
  receiver->reset();
  loop.run_for(std::chrono::milliseconds{200});
  const auto code = answer.code();
  if (!code) return std::unexpected(code.error());
  const config::Secret no_secret;
  auto tokens = auth::OAuth2Client{client, no_secret, fetch}.redeem(*code, redirect_uri, verifier);
  if (!tokens) return fail(ErrorCode::unauthenticated, "the server does not take the login: " + tokens.error().message);
  return std::move(*tokens);
}

}  // namespace runagents::cli
