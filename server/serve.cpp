#include "server/serve.hpp"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <sys/resource.h>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include "core/config/directories.hpp"
#include "core/store/database.hpp"
#include "server/http/listener.hpp"
#include "server/http/watch.hpp"
#include "server/mcp/endpoint.hpp"
#include "server/openapi.hpp"
#include "server/services.hpp"
#include "server/store_key_check.hpp"
#include "server/webhooks.hpp"

namespace runagents::server {
namespace {

namespace asio = http::asio;

constexpr std::chrono::seconds grace{10};
constexpr unsigned patient_worker_count = 4;
constexpr int checkpoint_pages = 4096;  // 16 MiB
constexpr std::chrono::milliseconds look_period{20};

/// Work that waits for disks and databases: more than there are cores.
unsigned worker_count() { return std::clamp(std::thread::hardware_concurrency() * 2, 4U, 32U); }

/// Every client takes a descriptor here: as many as may be.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

bool is_loopback(const std::string& address) {
  http::error_code error;
  const auto ip = asio::ip::make_address(address, error);
  return !error && ip.is_loopback();
}

Result<std::optional<http::TlsCertificate>> certificate_of(const ServeOptions& options) {
  if (options.certificate.empty()) return std::nullopt;
  auto loaded = http::TlsCertificate::load(options.certificate, options.key);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return std::optional{std::move(*loaded)};
}

Result<std::optional<Administrator>> bootstrap(Planes& planes, const ServeOptions& options, const std::string& url) {
  const bool is_for_a_file = !options.bootstrap_file.empty();
  const auto deliver = [&](const model::User& user, const config::Secret& api_key) -> Result<void> {
    if (!is_for_a_file) return {};
    return write_bootstrap_file(options.bootstrap_file, url, user, api_key);
  };
  auto administrator =
      planes.with_one([&](Plane& plane) { return make_first_administrator(plane, options.admin_email, deliver); });
  if (administrator && is_for_a_file) return std::nullopt;
  return administrator;
}

std::string description_of(Site& site, const std::string& url) {
  auto routes = site.planes.with_one([](Plane& plane) {
    auto all = facts_of(plane.services().site, {});
    std::ranges::move(facts_of(plane.services().router, api_base), std::back_inserter(all));
    return all;
  });
  for (const auto* endpoint : site.endpoints) std::ranges::move(endpoint->routes(), std::back_inserter(routes));
  return openapi_document(routes, url);
}

/// Ends a server in order.
class Stopping {
 public:
  Stopping(Site& site, Listener& listener) : site_{site}, listener_{listener}, signals_{site.context, SIGINT, SIGTERM} {
    await_signal();
  }

 private:
  void await_signal() {
    signals_.async_wait([this](const http::error_code& error, int) {
      if (!error) stop();
    });
  }

  void stop() {
    if (std::exchange(site_.is_stopping, true)) {
      deadline_ = std::chrono::steady_clock::now();
      return;
    }
    deadline_ = std::chrono::steady_clock::now() + grace;
    for (auto* endpoint : site_.endpoints) endpoint->stop();
    listener_.stop();
    await_signal();
    asio::co_spawn(site_.context, finish(this), asio::detached);
  }

  static http::Task<void> finish(Stopping* self) {
    http::Timer pause{self->site_.context};
    for (;;) {
      const bool is_late = std::chrono::steady_clock::now() >= self->deadline_;
      if (is_late) self->listener_.abort();
      const bool is_idle = std::ranges::all_of(self->site_.endpoints, [](const auto* one) { return one->is_idle(); });
      if (self->listener_.is_empty() && (is_idle || is_late)) break;
      pause.expires_after(look_period);
      static_cast<void>(co_await pause.async_wait(http::by_value));
    }
    self->signals_.cancel();
    self->site_.ticker.stop();
    self->site_.context.stop();
  }

  Site& site_;
  Listener& listener_;
  asio::signal_set signals_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace

Result<void> serve(const ServeOptions& options, const std::function<void(const Ready&)>& on_ready) {
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  if (auto made = config::make_private_directory(options.data_directory); !made) return made;
  auto certificate = certificate_of(options);
  if (!certificate) return std::unexpected(std::move(certificate.error()));

  asio::io_context context{1};
  auto acceptor = listen(context, options.address, options.port);
  if (!acceptor) return std::unexpected(std::move(acceptor.error()));
  const auto url = options.public_url.empty() ? (*certificate ? "https://" : "http://") + authority_of(*acceptor)
                                              : options.public_url;
  const PlaneOptions store{
      .data_directory = options.data_directory,
      .database = options.database,
      .connection = {.checkpoint_pages = checkpoint_pages, .writers = std::make_shared<std::timed_mutex>()},
      .issuer = url};
  auto planes = Planes::open(store, worker_count());
  if (!planes) return std::unexpected(std::move(planes.error()));
  auto patient = Planes::open(store, patient_worker_count);
  if (!patient) return std::unexpected(std::move(patient.error()));
  if (auto checked = (*planes)->with_one(check_store_key); !checked) return checked;
  auto log = Plane::open_database(store);
  if (!log) return std::unexpected(std::move(log.error()));

  AuditWriter audit{std::move(*log)};
  auto messenger = Plane::open(store);
  if (!messenger) return std::unexpected(std::move(messenger.error()));
  const Webhooks webhooks{std::move(*messenger), {.may_be_internal = options.has_internal_webhooks}};
  Site site{context, **planes, **patient, options.requests_per_second};
  McpEndpoint mcp{
      context,  site.ticker,
      **planes, **patient,
      audit,    {.issuer = url, .origins = options.allowed_origins, .is_loopback = is_loopback(options.address)}};
  Watch watch{site};
  site.endpoints = {&watch, &mcp};
  site.description = description_of(site, url);
  Listener listener{site, std::move(*acceptor), std::move(*certificate)};
  auto administrator = bootstrap(**planes, options, url);
  if (!administrator) return std::unexpected(std::move(administrator.error()));
  const Stopping stopping{site, listener};
  listener.open();
  on_ready({url, std::move(*administrator)});
  context.run();
  (*planes)->join();
  (*patient)->join();
  return {};
}

}  // namespace runagents::server
