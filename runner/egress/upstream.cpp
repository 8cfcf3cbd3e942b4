#include "runner/egress/upstream.hpp"

#include "core/model/tool.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Kind = http::DialFailure::Kind;

http::DialTarget target_of(const model::Tool& tool) {
  return {.host = tool.base_url.host,
          .port = tool.base_url.port,
          .ca_file = tool.ca_file,
          .may_be_internal = tool.network == model::Network::private_allowed};
}

std::unexpected<Refusal> refused(const model::Tool& tool, const http::DialFailure& failure) {
  const auto& base = tool.base_url;
  switch (failure.kind) {
    case Kind::blocked:
      return refuse(address_blocked, base.host + " leads to " + failure.detail +
                                         ", which is never dialled: link-local, metadata or reserved");
    case Kind::internal_address:
      return refuse(address_blocked, base.host + " leads to " + failure.detail + ", which is an internal address",
                    "set network = \"private\" on " + tool.title() + " if that is meant");
    case Kind::connect_timeout:
      return refuse(upstream_timeout, tool.title() + " did not accept a connection in time");
    case Kind::handshake_timeout:
      return refuse(upstream_timeout, tool.title() + " did not complete the TLS handshake in time");
    case Kind::tls:
      return refuse(upstream_tls, failure.detail, failure.hint);
    case Kind::untrusted:
      return refuse(upstream_tls, "the TLS connection to " + base.host + " failed: " + failure.detail,
                    "a private CA can be trusted with ca_file on " + tool.title());
    case Kind::unreachable:
      break;
  }
  return refuse(upstream_unreachable, tool.title() + " cannot be reached: " + failure.detail,
                "check its base_url, " + base.to_string());
}

}  // namespace

Upstreams::~Upstreams() = default;

http::Task<Upstreams::Acquired> Upstreams::acquire(const model::Tool& tool, bool fresh) {
  auto& pool = pools_[&tool];
  if (!fresh) {
    if (auto idle = pool.take()) co_return idle;
  }
  auto socket = co_await connect(tool);
  if (!socket) co_return std::unexpected(std::move(socket.error()));
  if (tool.base_url.scheme != "https") {
    co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket)});
  }
  const auto target = target_of(tool);
  auto ssl = co_await dialer_.start_tls(target, *socket, pool.session());
  if (!ssl) co_return refused(tool, ssl.error());
  co_return std::make_unique<UpstreamConnection>(ticker_, http::Stream{std::move(*socket), std::move(*ssl)});
}

http::Task<Upstreams::Acquired> Upstreams::dial_bytes(const model::Tool& tool) {
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

void Upstreams::release(const model::Tool& tool, std::unique_ptr<UpstreamConnection> connection) {
  pools_[&tool].put(std::move(connection), idle_time);
}

}  // namespace runagents::egress
