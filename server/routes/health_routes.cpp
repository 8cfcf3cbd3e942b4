#include <soci/soci.h>

#include "server/routes/answers.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

Result<Outgoing> ready(store::Database& database) {
  const auto answered = database.read([](soci::session& session) -> Result<int> {
    int one = 0;
    session << "SELECT 1", soci::into(one);
    return one;
  });
  if (!answered) return std::unexpected(answered.error());
  return json_answer({{"status", "ready"}});
}

}  // namespace

void add_health_routes(Router& router, store::Database& database) {
  router
      .add("GET", "/healthz", Access::anybody,
           [](const Incoming&) -> Result<Outgoing> { return json_answer({{"status", "ok"}}); })
      .says("whether the process is alive");
  router.add("GET", "/readyz", Access::anybody, [&](const Incoming&) { return ready(database); })
      .says("whether the store can be reached");
}

}  // namespace runagents::server
