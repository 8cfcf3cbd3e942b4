#include "runner/egress/agent_token_source.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/api/http_transport.hpp"
#include "core/policy/target.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using std::chrono::seconds;
using Shared = std::shared_ptr<const Credential>;
using Obtained = Result<Shared>;

/// A server that keeps refusing new tokens is not asked for one with every call.
constexpr seconds renewal_pause{5};
/// After this part of its life a token is looked at again; the shared cache decides when to renew it.
constexpr double looked_at = 0.75;

std::chrono::sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

struct Minted {
  Shared credential;
  std::chrono::sys_seconds good_until;
};

std::string label_of(const api::AgentTokenRequest& request) {
  auto label = "agent_token " + request.client_id;
  if (!request.subject.empty()) label += " on behalf of the end user";
  return label;
}

}  // namespace

std::optional<std::string> token_resource(const model::BaseUrl& base, std::string_view endpoint) {
  const auto server = policy::parse_target(endpoint);
  if (!server || base.scheme != server->scheme || base.host != server->authority.host ||
      base.port != server->authority.port) {
    return std::nullopt;
  }
  const auto root = server->path == "/" ? std::string{} : server->path;
  const auto is_below = [&](const std::string& path) { return base.path == path || base.path.starts_with(path + "/"); };
  if (!is_below(root)) return std::nullopt;
  const auto proxy = root + std::string{api::base_path} + "/proxy/";
  if (!base.path.starts_with(proxy)) return std::string{};
  const auto name = base.path.substr(proxy.size());
  return std::string{endpoint} + std::string{api::base_path} + "/proxy/" + name.substr(0, name.find('/')) + "/mcp";
}

/// The token of one subject.
struct AgentTokenSource::Entry {
  Shared credential;
  std::chrono::sys_seconds good_until{};
  std::optional<http::Timer> asking;  // cancelled when the answer is there
  std::optional<Error> failure;       // of the last answer
  Clock::time_point quiet_until;      // renewed a moment ago
};

/// What the thread uses; the connection is made there when it is first needed.
struct AgentTokenSource::Minting {
  Minting(const model::Tool& given, const AgentTokenRun& with)
      : tool{given}, run{with}, tokens{with.cache_directory, with.sealer} {}

  Result<Minted> get(const api::AgentTokenRequest& request, const Shared& refused) {
    const auto mint = [&]() -> Result<api::AgentToken> {
      if (!transport) {
        auto opened = run.open();
        if (!opened) return std::unexpected(std::move(opened.error()));
        transport = std::move(*opened);
      }
      return api::request_agent_token(*transport, request, *run.client_secret, now());
    };
    constexpr std::string_view scheme = "Bearer ";
    const auto old = refused ? refused->value.reveal().substr(scheme.size()) : std::string_view{};
    const auto token = tokens.get(request, {.at_least = seconds{0}, .refused = old}, mint);
    if (!token) return std::unexpected(token.error());
    auto credential = std::make_shared<Credential>();
    credential->value = config::Secret{std::string{scheme} + std::string{token->text.reveal()}};
    credential->field = "Authorization";
    credential->label = label_of(request);
    if (tool.scrubs()) {
      credential->scrub = std::make_shared<const ScrubPatterns>(std::vector{token->text.reveal()});
    }
    const auto life = token->expires_at - token->issued_at;
    const auto part = static_cast<std::int64_t>(static_cast<double>(life.count()) * looked_at);
    return Minted{std::move(credential), token->issued_at + seconds{part}};
  }

  const model::Tool& tool;
  const AgentTokenRun& run;
  api::SharedTokens tokens;
  std::unique_ptr<api::Transport> transport;
};

AgentTokenSource::AgentTokenSource(const model::Tool& tool, const AgentTokenRun& run)
    : tool_{tool}, minting_{std::make_shared<Minting>(tool, run)} {}

std::expected<AgentTokenSource::Subject, Refusal> AgentTokenSource::subject_of(const Call& call) const {
  if (tool_.auth.on_behalf_of.empty()) return Subject{};
  if (call.end_user.empty()) {
    return refuse(credential_unavailable,
                  tool_.title() + " is called on behalf of the end user, and this call is for nobody",
                  "name the user (run --user), or leave on_behalf_of out of the tool's auth");
  }
  std::string user{call.end_user};
  auto type = api::subject_type_of({}, user);
  return Subject{std::move(type), std::move(user)};
}

http::Task<Obtained> AgentTokenSource::obtain(Subject subject, Shared refused) {
  auto& slot = entries_[subject];
  if (!slot) slot = std::make_shared<Entry>();
  const auto entry = slot;
  // Of many calls that need a token together one asks; the others find what it found.
  while (entry->asking) {
    static_cast<void>(co_await entry->asking->async_wait(http::by_value));
    if (!entry->asking && entry->failure) co_return std::unexpected(*entry->failure);
  }
  const bool is_another = refused && entry->credential && entry->credential->value.reveal() != refused->value.reveal();
  if (entry->credential && (!refused || is_another) && now() < entry->good_until) co_return entry->credential;
  entry->asking.emplace(co_await http::asio::this_coro::executor, http::Timer::time_point::max());
  const auto& run = minting_->run;
  const auto resource = token_resource(tool_.base_url, run.endpoint);
  const api::AgentTokenRequest request{.issuer = run.endpoint,
                                       .client_id = run.client_id,
                                       .subject = subject.second,
                                       .subject_type = subject.first,
                                       .resource = resource.value_or("")};
  std::function<Result<Minted>()> work = [minting = minting_, request, refused] {
    return minting->get(request, refused);
  };
  auto minted = co_await offload<Result<Minted>>(thread_, std::move(work));
  entry->failure.reset();
  if (minted) {
    entry->credential = minted->credential;
    entry->good_until = minted->good_until;
  } else {
    entry->failure = minted.error();
  }
  entry->asking->cancel();
  entry->asking.reset();
  if (!minted) co_return std::unexpected(minted.error());
  co_return minted->credential;
}

http::Task<Verdict> AgentTokenSource::inject(Call& call, Exchange& /*exchange*/) {
  auto subject = subject_of(call);
  if (!subject) co_return std::unexpected(std::move(subject.error()));
  const auto obtained = co_await obtain(*subject, nullptr);
  if (!obtained) {
    co_return refuse(
        credential_unavailable,
        "the agent account's token for " + tool_.title() + " is not available: " + obtained.error().message,
        obtained.error().hint);
  }
  call.credential = *obtained;
  co_return pass();
}

bool AgentTokenSource::is_to_blame(std::string_view challenge) const { return challenge.contains("invalid_token"); }

http::Task<bool> AgentTokenSource::renew(Call& call) {
  const auto subject = subject_of(call);
  if (!subject) co_return false;
  const auto entry = entries_[*subject];
  const auto refused = call.credential;
  if (!entry || (entry->credential == refused && Clock::now() < entry->quiet_until)) co_return false;
  const auto obtained = co_await obtain(*subject, refused);
  if (!obtained || (*obtained)->value.reveal() == refused->value.reveal()) co_return false;
  entry->quiet_until = Clock::now() + renewal_pause;
  call.credential = *obtained;
  co_return true;
}

}  // namespace runagents::egress
