#include <optional>

#include "runner/egress/fields.hpp"
#include "runner/egress/inbound_requests.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Users = std::vector<std::shared_ptr<const EndUser>>;

std::string_view id_of(const std::shared_ptr<const EndUser>& user) {
  return user ? std::string_view{user->id} : std::string_view{};
}

/// What the agent says of the request that it is at work on.
struct Claims {
  std::optional<std::string_view> user;  ///< X-End-User-ID
  bool users_differ = false;
  std::vector<const InboundRequest*> requests;  ///< that it refers to, by traceparent and X-Request-Id
};

Claims read_claims(const Call& call, const InboundRequests* inbound) {
  Claims claims;
  const auto now = Clock::now();
  for (const auto& field : call.head->fields) {
    if (same_field(field.name, "x-end-user-id")) {
      claims.users_differ = claims.users_differ || (claims.user && *claims.user != field.value);
      claims.user = field.value;
    }
    if (inbound == nullptr) continue;
    const InboundRequest* request = nullptr;
    if (same_field(field.name, "traceparent")) request = inbound->by_trace(trace_id_of(field.value), now);
    if (same_field(field.name, "x-request-id")) request = inbound->by_id(field.value, now);
    if (request != nullptr) claims.requests.push_back(request);
  }
  return claims;
}

void act_for(Call& call, const std::shared_ptr<const EndUser>& user) {
  call.user = user;
  call.end_user = id_of(user);
  if (user) call.user_token = user->token;
}

Verdict forged(const Call& call, const Snapshot& snapshot) {
  return refuse(identity_forged, "the agent names an end user for whom it is not acting",
                call.end_user.empty() && snapshot.inbound == nullptr
                    ? "this run acts for nobody; name the user with run --user"
                    : "leave X-End-User-ID out; it is set on the way to the tool");
}

/// Several are being served, and nothing tells for whom this call is.
Verdict leave_open(Call& call, Users users) {
  if (call.tool->auth.needs_end_user()) {
    return refuse(identity_ambiguous,
                  "the agent is serving several users, and the call does not say for which of them it is made",
                  "send the traceparent or the X-Request-Id of the request that is being served along with the call");
  }
  call.may_be_for = std::move(users);
  return pass();
}

}  // namespace

// Identity: the user of the request that the call refers to; else the only one who is being served; else the user of
// the run; else nobody. It is never guessed: what the agent says can only select among those who are there.
Verdict resolve_identity(const Snapshot& snapshot, Call& call) {
  const auto claims = read_claims(call, snapshot.inbound);
  if (claims.users_differ) return refuse(identity_forged, "the agent names more than one end user");
  if (!claims.requests.empty()) {
    const auto& user = claims.requests.front()->user;
    for (const auto* other : claims.requests) {
      if (id_of(other->user) != id_of(user)) return refuse(identity_forged, "the call refers to requests of two users");
    }
    act_for(call, user);
  } else if (snapshot.inbound != nullptr && !snapshot.inbound->empty()) {
    auto users = snapshot.inbound->users();
    const auto named = std::ranges::find_if(
        users, [&](const auto& user) { return user && claims.user && *claims.user == std::string_view{user->id}; });
    if (users.size() > 1 && named == users.end()) {
      return claims.user ? forged(call, snapshot) : leave_open(call, std::move(users));
    }
    act_for(call, users.size() > 1 ? *named : users.front());
  } else {
    call.end_user = snapshot.end_user;
  }
  return claims.user && *claims.user != call.end_user ? forged(call, snapshot) : pass();
}

}  // namespace runagents::egress
