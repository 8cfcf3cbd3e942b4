#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

Result<Outgoing> sealed_answer(const Result<model::Consent>& consent) {
  if (!consent) return std::unexpected(consent.error());
  return json_answer(api::to_sealed_json(*consent));
}

Result<Outgoing> list(Consents& consents, const Incoming& request) {
  api::ConsentFilter filter;
  filter.tool = request.query("tool_id");
  const auto user = request.query("user_id");
  if (!user.empty() || request.query("shared") == "true") filter.end_user = user;
  return list_answer("consents", consents.list(filter));
}

Result<Outgoing> find(Consents& consents, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  const auto place = api::consent_place_from_json(*json);
  if (!place) return std::unexpected(place.error());
  const auto found = consents.find(*place);
  if (!found) return std::unexpected(found.error());
  return json_answer({{"consent", *found ? api::to_sealed_json(**found) : nlohmann::ordered_json{}}});
}

Result<Outgoing> put(Consents& consents, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  auto consent = api::consent_from_json(*json);
  if (!consent) return std::unexpected(consent.error());
  return sealed_answer(consents.put(std::move(*consent)));
}

struct Lease {
  std::string holder;
  std::int64_t length_ms = 0;
};

Result<Lease> read_lease(const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  Lease lease;
  api::Members members{*json};
  members.text("holder", lease.holder).number("length_ms", lease.length_ms);
  if (const Error* error = members.error()) return std::unexpected(*error);
  return lease;
}

Result<Outgoing> lease(Consents& consents, const Incoming& request) {
  const auto wanted = read_lease(request);
  if (!wanted) return std::unexpected(wanted.error());
  return sealed_answer(
      consents.lease(request.parameter(0), wanted->holder, std::chrono::milliseconds{wanted->length_ms}));
}

Result<Outgoing> release(Consents& consents, const Incoming& request) {
  const auto wanted = read_lease(request);
  if (!wanted) return std::unexpected(wanted.error());
  if (auto released = consents.release(request.parameter(0), wanted->holder); !released) {
    return std::unexpected(released.error());
  }
  return Outgoing{200, "{}"};
}

}  // namespace

void add_consent_routes(Router& router, Consents& consents) {
  router.add("GET", "/consents", Access::admin, [&](const Incoming& request) { return list(consents, request); })
      .says("lists what people have consented to")
      .with({"tool_id", "user_id", "shared"});
  router.add("POST", "/consents/find", Access::local, [&](const Incoming& request) { return find(consents, request); })
      .says("finds a consent");
  router.add("PUT", "/consents", Access::local, [&](const Incoming& request) { return put(consents, request); })
      .says("stores a consent");
  router
      .add("POST", "/consents/{}/lease", Access::local,
           [&](const Incoming& request) { return lease(consents, request); })
      .says("takes a consent for a renewal");
  router
      .add("POST", "/consents/{}/release", Access::local,
           [&](const Incoming& request) { return release(consents, request); })
      .says("gives a consent back");
  router
      .add("DELETE", "/consents/{}", Access::local,
           [&](const Incoming& request) { return sealed_answer(consents.remove(request.parameter(0))); })
      .says("withdraws a consent");
}

}  // namespace runagents::server
