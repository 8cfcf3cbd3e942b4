#include "server/mcp/credential_refresher.hpp"

#include "server/mcp/proxied_request.hpp"

namespace runagents::server {

http::Task<Result<void>> CredentialRefresher::refresh(Admission& admission, bool renew) {
  const auto id = admission.credential_id;
  if (const auto known = under_way_.find(id); known != under_way_.end()) {
    const auto other = known->second;
    while (!other->is_over) static_cast<void>(co_await other->done.async_wait(http::by_value));
    if (other->error) co_return std::unexpected(*other->error);
    auto attached = co_await take(admission, planes_, Step::attach);
    if (!attached || !admission.needs_refresh) co_return attached;
    // A server whose tokens live for seconds gets asked by each.
  }
  auto mine = std::make_shared<Refreshing>(context_);
  under_way_[id] = mine;
  auto refreshed = co_await take(admission, patient_, renew ? Step::renew : Step::refresh);
  mine->is_over = true;
  if (!refreshed) mine->error = refreshed.error();
  mine->done.cancel();
  if (const auto known = under_way_.find(id); known != under_way_.end() && known->second == mine)
    under_way_.erase(known);
  co_return refreshed;
}

/// On a worker, which has the admission to itself meanwhile.
http::Task<Result<void>> CredentialRefresher::take(Admission& admission, Planes& planes, Step step) {
  auto shared = std::make_shared<Admission>(std::move(admission));
  auto taken = co_await planes.run<Result<void>>([shared, step](Plane& plane) {
    auto services = mcp_services(plane);
    return step == Step::attach ? attach_credential(services, *shared)
                                : refresh_credential(services, *shared, step == Step::renew);
  });
  admission = std::move(*shared);
  co_return taken;
}

}  // namespace runagents::server
