#include "runner/egress/upstream.hpp"

#include <algorithm>
#include <deque>

#include "core/http/alpn.hpp"
#include "core/http2/client_stream.hpp"
#include "core/model/tool.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Kind = http::DialFailure::Kind;

http::DialTarget target_of(const model::Tool& tool) {
  return {.host = tool.base_url.host,
          .port = tool.base_url.port,
          .ca_file = tool.ca_file,
          .may_be_internal = tool.network == model::Network::private_allowed,
          .may_be_own = tool.is_registered};
}

std::unexpected<Refusal> refused(const model::Tool& tool, const http::DialFailure& failure) {
  const auto& base = tool.base_url;
  switch (failure.kind) {
    case Kind::blocked:
      return refuse(address_blocked, base.host + " leads to " + failure.detail +
                                         ", which is never dialled: link-local, metadata or reserved");
    case Kind::internal_address:
      return refuse(address_blocked,
                    base.host + " leads to " + failure.detail +
                        (tool.is_registered ? ", which is an internal address"
                                            : ", which is an internal address or this machine, and no tool"),
                    tool.is_registered ? "set network = \"private\" on " + tool.title() + " if that is meant"
                                       : "register it as a tool, with network = \"private\" if that is meant");
    case Kind::connect_timeout:
      return refuse(upstream_timeout, tool.title() + " did not accept a connection in time");
    case Kind::handshake_timeout:
      return refuse(upstream_timeout, tool.title() + " did not complete the TLS handshake in time");
    case Kind::tls:
      return refuse(upstream_tls, failure.detail, failure.hint);
    case Kind::untrusted:
      return refuse(upstream_tls, "the TLS connection to " + base.host + " failed: " + failure.detail,
                    tool.is_registered ? "a private CA can be trusted with ca_file on " + tool.title()
                                       : "a private CA can be trusted with ca_file on a tool");
    case Kind::unreachable:
      break;
  }
  return refuse(upstream_unreachable, tool.title() + " cannot be reached: " + failure.detail,
                tool.is_registered ? "check its base_url, " + base.to_string() : std::string{});
}

http::Offer offer_to(const model::Tool& tool) {
  switch (tool.http_version) {
    case model::HttpVersion::http1:
      return http::Offer::http1;
    case model::HttpVersion::http2:
      return http::Offer::http2;
    case model::HttpVersion::automatic:
      break;
  }
  return tool.base_url.scheme == "https" ? http::Offer::any : http::Offer::http1;
}

std::unexpected<Refusal> too_old(const model::Tool& tool) {
  return refuse(upstream_protocol, tool.title() + " does not speak HTTP/2, as far as it was asked to",
                tool.http_version == model::HttpVersion::http2
                    ? "set http_version = \"1.1\" on it, or have its server speak HTTP/2"
                    : "set http_version = \"2\" on it, if its server speaks HTTP/2");
}

/// To one tool; what is more waits for a stream.
constexpr std::size_t max_sessions = 16;

enum class Speaks { unknown, http1, http2 };

}  // namespace

struct Upstreams::Pool {
  http::IdleConnections idle;
  std::vector<std::shared_ptr<http2::ClientSession>> sessions;
  std::deque<http::Timer*> waiting;  ///< for room on a session, or to learn what is spoken
  std::size_t woken = 0;             ///< of those who waited, and are not on their way yet
  Speaks speaks = Speaks::unknown;
  std::size_t dialling = 0;
  std::uint64_t failures = 0;  ///< of dialling
  Refusal last_failure;

  [[nodiscard]] bool is_anybody_before() const noexcept { return !waiting.empty() || woken > 0; }
  void wake(std::size_t count);
  void wake_all() { wake(waiting.size()); }
  /// Forgets sessions that are over.
  void tidy();
  [[nodiscard]] http2::ClientSession* with_room();
  [[nodiscard]] bool is_warming() const;
};

Upstreams::Upstreams(http::asio::io_context& context, http::Ticker& ticker)
    : context_{context}, ticker_{ticker}, dialer_{context, ticker} {}

Upstreams::~Upstreams() { close(); }

Upstreams::Pool& Upstreams::pool_of(const model::Tool& tool) {
  auto& pool = pools_[&tool];
  if (!pool) pool = std::make_unique<Pool>();
  return *pool;
}

void Upstreams::close() {
  for (auto& [tool, pool] : pools_) {
    for (const auto& session : pool->sessions) {
      session->on_change = nullptr;
      session->close();
    }
    pool->sessions.clear();
  }
}

void Upstreams::Pool::wake(std::size_t count) {
  for (; count > 0 && !waiting.empty(); --count) {
    waiting.front()->cancel();
    waiting.pop_front();
    ++woken;
  }
}

void Upstreams::Pool::tidy() {
  std::erase_if(sessions, [](const auto& session) {
    if (!session->is_over()) return false;
    session->on_change = nullptr;
    return true;
  });
}

http2::ClientSession* Upstreams::Pool::with_room() {
  tidy();
  for (const auto& session : sessions) {
    if (session->is_doubtful()) session->ask();
    if (session->room() > 0) return session.get();
  }
  return nullptr;
}

bool Upstreams::Pool::is_warming() const {
  return std::ranges::any_of(sessions, [](const auto& session) { return session->is_warming(); });
}

http::Task<Upstreams::Acquired> Upstreams::acquire(const model::Tool& tool, Wish& wish) {
  auto& pool = pool_of(tool);
  const auto offer = wish.needs_http1 ? http::Offer::http1 : offer_to(tool);
  if (offer != http::Offer::http1) {
    auto chosen = co_await acquire_by_choice(tool, wish, pool, offer);
    co_return chosen;
  }
  if (wish.needs_http2) co_return too_old(tool);
  if (!wish.fresh) {
    if (auto idle = pool.idle.take()) co_return idle;
  }
  auto stream = co_await dial(tool, pool, offer);
  if (!stream) co_return std::unexpected(std::move(stream.error()));
  co_return std::make_unique<UpstreamConnection>(ticker_, std::move(*stream));
}

http::Task<Upstreams::Acquired> Upstreams::acquire_by_choice(const model::Tool& tool, Wish& wish, Pool& pool,
                                                             http::Offer offer) {
  // Who has waited comes first.
  bool may_take = !pool.is_anybody_before();
  const auto failures = pool.failures;
  for (;;) {
    if (auto* session = may_take ? pool.with_room() : nullptr) {
      auto stream = session->open();
      // Whoever came while others were on their way waits for nothing else.
      if (session->room() > 0) pool.wake(1);
      co_return stream;
    }
    const bool is_old = pool.speaks == Speaks::http1 && offer == http::Offer::any;
    if (is_old && !wish.fresh && !wish.needs_http2) {
      if (auto idle = pool.idle.take()) co_return idle;
    }
    // Before the first connection nobody knows whether there need be another one.
    const bool has_to_wait =
        !may_take || pool.dialling > 0 || pool.is_warming() || pool.sessions.size() >= max_sessions;
    if (is_old || !has_to_wait) break;
    if (!co_await wait(tool, wish, pool)) {
      co_return refuse(upstream_timeout, tool.title() + " had no room for one more call in time",
                       "it limits the calls of a connection, and there are as many connections as may be");
    }
    if (pool.failures != failures && pool.sessions.empty()) co_return std::unexpected(pool.last_failure);
    may_take = true;
  }
  auto dialled = co_await dial_by_choice(tool, wish, pool, offer);
  co_return dialled;
}

http::Task<Upstreams::Acquired> Upstreams::dial_by_choice(const model::Tool& tool, Wish& wish, Pool& pool,
                                                          http::Offer offer) {
  ++pool.dialling;
  auto stream = co_await dial(tool, pool, offer);
  --pool.dialling;
  pool.wake_all();
  if (!stream) {
    ++pool.failures;
    pool.last_failure = stream.error();
    co_return std::unexpected(std::move(stream.error()));
  }
  const bool is_known = stream->ssl() == nullptr;
  if (is_known || http::has_agreed_on_http2(stream->ssl())) {
    pool.speaks = Speaks::http2;
    co_return open_session(pool, std::move(*stream));
  }
  pool.speaks = Speaks::http1;
  auto connection = std::make_unique<UpstreamConnection>(ticker_, std::move(*stream));
  if (!wish.needs_http2 && offer == http::Offer::any) co_return connection;
  if (offer == http::Offer::any) pool.idle.put(std::move(connection), idle_time);
  co_return too_old(tool);
}

std::unique_ptr<http::ClientExchange> Upstreams::open_session(Pool& pool, http::Stream stream) {
  pool.tidy();
  auto session = http2::ClientSession::start(context_, ticker_, std::move(stream));
  session->on_change = [&pool, one = session.get()] {
    if (one->is_over()) return pool.wake_all();
    pool.idle.keep_session(one->ssl());
    // Where there is no room there may be another connection.
    pool.wake(std::max<std::size_t>(one->room(), 1));
  };
  pool.sessions.push_back(session);
  return session->open();
}

/// False: not in time, or nobody waits any more.
http::Task<bool> Upstreams::wait(const model::Tool& tool, Wish& wish, Pool& pool) {
  http::Timer timer{context_};
  timer.expires_after(tool.timeout);
  pool.waiting.push_back(&timer);
  wish.timer_ = &timer;
  const auto [woken] = co_await timer.async_wait(http::by_value);
  wish.timer_ = nullptr;
  const bool is_next = std::erase(pool.waiting, &timer) == 0;
  if (is_next) --pool.woken;
  const bool goes_on = woken && !wish.is_cancelled();
  if (is_next && !goes_on) pool.wake(1);
  co_return goes_on;
}

http::Task<std::expected<http::Stream, Refusal>> Upstreams::dial(const model::Tool& tool, Pool& pool,
                                                                 http::Offer offer) {
  auto socket = co_await connect(tool);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  if (tool.base_url.scheme != "https") co_return http::Stream{std::move(*socket)};
  const auto target = target_of(tool);
  auto ssl = co_await dialer_.start_tls(target, *socket, pool.idle.session(), offer);
  if (!ssl) co_return refused(tool, ssl.error());
  co_return http::Stream{std::move(*socket), std::move(*ssl)};
}

http::Task<std::expected<std::unique_ptr<UpstreamConnection>, Refusal>> Upstreams::dial_bytes(const model::Tool& tool) {
  auto socket = co_await connect(tool);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket)});
}

http::Task<std::expected<http::Socket, Refusal>> Upstreams::connect(const model::Tool& tool) {
  if (const auto own = connectors_.find(&tool); own != connectors_.end()) {
    auto connected = co_await own->second->connect();
    co_return connected;
  }
  if (tool.base_url.scheme == "builtin") {
    auto builtin = co_await dialer_.connect(builtin_);
    if (!builtin) co_return refused(tool, builtin.error());
    co_return std::move(*builtin);
  }
  const auto target = target_of(tool);
  auto socket = co_await dialer_.connect(target);
  if (!socket) co_return refused(tool, socket.error());
  co_return std::move(*socket);
}

void Upstreams::release(const model::Tool& tool, std::unique_ptr<http::ClientExchange> exchange) {
  auto* const own = exchange->own_connection();
  if (own == nullptr || !own->can_rest()) return;
  static_cast<void>(exchange.release());
  pool_of(tool).idle.put(std::unique_ptr<UpstreamConnection>{own}, idle_time);
}

}  // namespace runagents::egress
