#include "runner/consent_start.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/auth/oauth2.hpp"
#include "core/auth/stored_tokens.hpp"
#include "runner/egress/token_worker.hpp"
#include "runner/loop.hpp"

namespace runagents {
namespace {

using State = egress::ConsentAsked::State;
using Started = Result<model::Consent>;

constexpr std::chrono::seconds secret_time_limit{30};

std::string new_holder() {
  std::string id;
  egress::RequestIds{}.next(id);
  return id;
}

/// Reads the encrypted store by a connection of its own.
config::StoredSecrets stored_secrets(const OpenTransport& open_transport) {
  return [open_transport](std::string_view name) -> Result<config::Secret> {
    const auto transport = open_transport();
    if (!transport) return std::unexpected(transport.error());
    return api::ControlPlane{**transport}.reveal_secret(name);
  };
}

/// Everything that one consent needs; `loop` ends before its parts do.
struct Parts {
  Parts(const ConsentStart& start, const OpenTransport& open_transport, const auth::Sealer& sealer)
      : secrets{worker, start.project.directory, {}, stored_secrets(open_transport)},
        tokens{start.tool, secrets, open_transport, sealer, new_holder()},
        desk{loop, {}, start.project.agent.name} {}
  ~Parts() {
    tokens.join();
    worker.join();
    loop.abandon();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  Loop loop;
  egress::Worker worker{1};
  egress::Secrets secrets;
  egress::TokenWorker tokens;
  egress::ConsentDesk desk;
  Started outcome = fail(ErrorCode::needs_person, "");
};

http::Task<Result<void>> redeem(Parts& parts, std::string user, egress::Redemption redemption) {
  parts.outcome = co_await parts.tokens.redeem(std::move(user), std::move(redemption));
  if (!parts.outcome) co_return std::unexpected(parts.outcome.error());
  co_return Result<void>{};
}

http::Task<void> wait(Parts& parts, std::shared_ptr<egress::ConsentAsked> asked, std::chrono::seconds timeout) {
  http::Timer timer{parts.loop, timeout};
  asked->waiting.insert(&timer);
  static_cast<void>(co_await timer.async_wait(http::by_value));
  // An answer that came at the last moment is being redeemed, and that has a time limit of its own.
  while (asked->state == State::redeeming) {
    timer.expires_at(http::Timer::time_point::max());
    static_cast<void>(co_await timer.async_wait(http::by_value));
  }
  asked->waiting.erase(&timer);
  // The browser's page is written by another coroutine.
  timer.expires_after(std::chrono::milliseconds{50});
  static_cast<void>(co_await timer.async_wait(http::by_value));
  parts.loop.stop();
}

std::unexpected<Error> not_given(const egress::ConsentAsked& asked, const ConsentStart& start) {
  const auto tool = "the consent for " + start.tool.title();
  if (asked.state == State::refused) return fail(ErrorCode::needs_person, tool + " was refused");
  if (asked.state == State::failed) return fail(ErrorCode::unavailable, tool + " failed: " + asked.message);
  return fail(ErrorCode::needs_person, fmt::format("{} was not given within {} s", tool, start.timeout.count()),
              "--timeout waits longer");
}

}  // namespace

Result<model::Consent> start_consent(const ConsentStart& start, const OpenTransport& open_transport) {
  if (auto made = config::make_private_directory(start.directories.data); !made) return std::unexpected(made.error());
  const auto sealer = auth::open_sealer(start.directories.data);
  if (!sealer) return std::unexpected(sealer.error());
  Parts parts{start, open_transport, *sealer};
  const auto asked = parts.desk.ask({start.tool, start.user}, start.timeout,
                                    [&parts, user = start.user](egress::Redemption redemption) {
                                      return redeem(parts, user, std::move(redemption));
                                    });
  if (!asked) return std::unexpected(asked.error());
  start.announce(**asked);
  http::asio::co_spawn(parts.loop, wait(parts, *asked, start.timeout), http::asio::detached);
  parts.loop.run();
  if ((*asked)->state == State::given) return std::move(parts.outcome);
  return not_given(**asked, start);
}

Result<void> revoke_at_provider(const model::Project& project, const model::Tool& tool, const model::Consent& consent,
                                const config::Directories& directories, const OpenTransport& open_transport) {
  const auto sealer = auth::open_sealer(directories.data);
  if (!sealer) return std::unexpected(sealer.error());
  const auto stored = auth::open_tokens(*sealer, consent.sealed, consent.place);
  if (!stored) return std::unexpected(stored.error());
  config::Secret secret;
  if (tool.auth.client_secret) {
    auto read =
        config::resolve(*tool.auth.client_secret, project.directory, secret_time_limit, stored_secrets(open_transport));
    if (!read) return std::unexpected(read.error());
    secret = std::move(*read);
  }
  const auth::Fetch fetch = http::fetch;
  const auth::OAuth2Client client{tool.auth, secret, fetch};
  const auto& tokens = stored->tokens;
  // A server that revokes a refresh token takes the access tokens that came from it along (RFC 7009, 2.1), but need
  // not.
  if (!tokens.refresh_token.empty()) {
    if (auto revoked = client.revoke(tokens.refresh_token, "refresh_token"); !revoked) return revoked;
  }
  return client.revoke(tokens.access_token, "access_token");
}

}  // namespace runagents
