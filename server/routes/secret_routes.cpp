#include <nlohmann/json.hpp>

#include "core/api/secret_json.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

Result<Outgoing> put(Secrets& secrets, const Incoming& request) {
  auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (!json->contains("value") || !(*json)["value"].is_string()) {
    return fail(ErrorCode::usage, "a secret needs a \"value\" that is a text");
  }
  auto value = config::secret_in((*json)["value"].get_ref<std::string&>());
  if (!value) return fail(ErrorCode::usage, "the secret " + value.error().message, "nothing was stored");
  return object_answer(secrets.put(actor_of(request), request.parameter(0), *value));
}

Result<Outgoing> reveal(Secrets& secrets, const Incoming& request) {
  const auto secret = secrets.reveal(request.parameter(0));
  if (!secret) return std::unexpected(secret.error());
  Json json = {{"value", secret->reveal()}};
  auto answer = json_answer(json);
  config::wipe(json["value"].get_ref<std::string&>());
  return answer;
}

}  // namespace

void add_secret_routes(Router& router, Secrets& secrets, AuditLog& audit) {
  router.add("GET", "/secrets", Access::admin, [&](const Incoming&) { return list_answer("secrets", secrets.list()); })
      .says("lists the names of secrets");
  router
      .add("GET", "/secrets/{}", Access::admin,
           [&](const Incoming& request) { return object_answer(secrets.get(request.parameter(0))); })
      .says("what is known of a secret; never its value");
  add_change(router, audit, "PUT", "/secrets/{}", Access::admin, "secret.put", [&](const Incoming& request) {
    return put(secrets, request);
  }).says("stores a secret");
  add_change(router, audit, "DELETE", "/secrets/{}", Access::admin, "secret.delete",
             [&](const Incoming& request) -> Result<Outgoing> {
               auto removed = secrets.remove(actor_of(request), request.parameter(0));
               if (!removed) return std::unexpected(std::move(removed.error()));
               return Outgoing{200, "{}"};
             })
      .says("deletes a secret");
  add_change(router, audit, "POST", "/secrets/rotate-key", Access::admin, "secret.rotate_key",
             [&](const Incoming& request) -> Result<Outgoing> {
               const auto sealed = secrets.rotate_key(actor_of(request));
               if (!sealed) return std::unexpected(sealed.error());
               return json_answer({{"sealed", *sealed}});
             })
      .says("seals all that is stored under a new key");
}

void add_local_secret_routes(Router& router, Secrets& secrets) {
  router
      .add("GET", "/secrets/{}/value", Access::local, [&](const Incoming& request) { return reveal(secrets, request); })
      .says("the value of a secret");
}

}  // namespace runagents::server
