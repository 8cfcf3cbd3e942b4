#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/auth/authorization.hpp"
#include "core/auth/consent_state.hpp"
#include "core/error.hpp"
#include "core/http/async.hpp"
#include "core/model/approval.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/redirect_receiver.hpp"
#include "runner/egress/request_id.hpp"

namespace runagents::egress {

/// What a person is asked once: to let a tool be used for one user.
struct ConsentAsked {
  enum class State {
    open,       ///< the person may come back
    redeeming,  ///< the answer is here; no other one counts
    given,
    refused,    ///< by the person
    failed,     ///< see `message`
    withdrawn,  ///< nobody wants it any more, or time is up
  };
  State state = State::open;
  std::string id;       ///< ULID
  std::string url;      ///< where the person goes
  std::string message;  ///< for people, when it failed; names no secret
  model::Time expires_at;
  std::set<http::Timer*> waiting;  ///< cancelled when `state` is final

  [[nodiscard]] bool is_over() const noexcept { return state != State::open && state != State::redeeming; }
};

/// What a browser brought back, for the token endpoint.
struct Redemption {
  std::string code;
  std::string redirect_uri;
  std::string verifier;
};

/// Asks people for consents: makes authorization requests, listens for browsers that come back, and takes each answer
/// one time, for exactly the tool, the user and the run for which it was asked. Of its io_context's thread.
class ConsentDesk {
 public:
  struct Subject {
    const model::Tool& tool;
    std::string user;  ///< empty: for all users
  };
  /// Turns a code into stored tokens. An error is for people to read.
  using Redeem = std::function<http::Task<Result<void>>(Redemption)>;

  /// `run`: its id; empty: none. `agent`: told to the person. `refuses`: whose connections are closed unread.
  ConsentDesk(http::asio::io_context& context, std::string run, std::string agent,
              RedirectReceiver::Refuses refuses = {});
  ~ConsentDesk();
  ConsentDesk(const ConsentDesk&) = delete;
  ConsentDesk& operator=(const ConsentDesk&) = delete;

  /// Asks, or returns what was asked for the same tool and user and is still open. The subject's tool outlives the
  /// desk.
  [[nodiscard]] Result<std::shared_ptr<ConsentAsked>> ask(const Subject& subject, std::chrono::seconds timeout,
                                                          Redeem redeem);
  /// Nobody wants the answer any more; one that is being redeemed stays.
  void withdraw(const std::shared_ptr<ConsentAsked>& asked);

 private:
  struct Pending;
  using Receivers = std::map<std::uint16_t, std::unique_ptr<RedirectReceiver>>;

  [[nodiscard]] Result<RedirectReceiver*> receiver_at(std::uint16_t port);
  http::Task<BrowserPage> answer(std::string target);
  http::Task<BrowserPage> settle(std::shared_ptr<Pending> pending, auth::AuthorizationResponse response);
  [[nodiscard]] std::shared_ptr<Pending> take(std::string_view path, std::string_view state);
  void drop_overdue();
  void finish(std::shared_ptr<Pending> pending, ConsentAsked::State state, std::string message = {});

  http::asio::io_context& context_;
  std::string run_;
  std::string agent_;
  RedirectReceiver::Refuses refuses_;
  auth::ConsentStates states_;
  RequestIds ids_;
  std::vector<std::shared_ptr<Pending>> pending_;
  Receivers receivers_;  ///< by redirect_port
};

}  // namespace runagents::egress
