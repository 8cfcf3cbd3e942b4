#include "server/plane.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "server/long_poll.hpp"
#include "server/presented.hpp"
#include "server/services.hpp"

namespace runagents::server {
namespace {

using Clock = std::chrono::steady_clock;

/// Below the base; nothing when the target is elsewhere.
std::optional<std::string> below_base(std::string_view target) {
  if (!target.starts_with(api_base)) return std::nullopt;
  const auto rest = target.substr(api_base.size());
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
  return std::string{rest};
}

/// What a request for the API needs: a token that is for MCP servers is for nothing else (RFC 8707, section 3).
Result<Principal> for_whole_instance(Result<Principal> principal) {
  if (!principal || principal->audiences.empty()) return principal;
  return fail(ErrorCode::unauthenticated, "the token is for MCP servers only", {}, "invalid_token");
}

bool is_same(const Principal& one, const Principal& other) {
  const auto account = [](const Principal& who) { return who.account ? std::string_view{who.account->id} : ""; };
  return one.kind == other.kind && one.user_id() == other.user_id() && account(one) == account(other);
}

}  // namespace

Plane::Plane(std::unique_ptr<Services> services) : services_{std::move(services)} {}
Plane::~Plane() = default;

Result<store::Database> Plane::open_database(const PlaneOptions& options) {
  if (!options.database.empty()) return store::Database::open(options.database, options.connection);
  return store::Database::open(options.data_directory / "runagents.db", options.connection);
}

Result<std::unique_ptr<Plane>> Plane::open(const PlaneOptions& options) {
  auto database = open_database(options);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<Plane>{new Plane{std::make_unique<Services>(std::move(*database), options)}};
}

api::Response Plane::answer_owner(const api::Request& request) {
  const auto by_owner = [](const api::Request&) -> Result<Principal> {
    return Principal{.kind = Principal::Kind::local, .role = Role::admin};
  };
  const auto deadline = Clock::now() + wanted_wait(request.target);
  for (;;) {
    auto response = services_->router.answer(request, by_owner);
    if (!response.may_change || Clock::now() >= deadline) return response;
    std::this_thread::sleep_for(look_again);
  }
}

api::Response Plane::answer(const api::Request& request, std::string_view client) {
  const auto by_credential = [&](const api::Request& asked) { return for_whole_instance(authenticate(asked, client)); };
  auto target = below_base(request.target);
  if (!target) return services_->site.answer(request, by_credential);
  api::Request inner{request.method, std::move(*target), request.body, request.fields};
  const auto once = [&](const Principal& principal, const Router::Work& work) {
    return services_->idempotency.answer(principal, inner, work);
  };
  return services_->router.answer(inner, by_credential, once);
}

Result<Principal> Plane::authenticate(const api::Request& request, std::string_view client) {
  const auto presented = presented_credentials(request.fields);
  if (!presented) return std::unexpected(presented.error());
  std::optional<Principal> known;
  for (const auto credential : *presented) {
    auto principal = ApiKeys::looks_like_key(credential) ? services_->api_keys.find(credential)
                                                         : services_->oauth.bearer.find(credential);
    if (!principal) return principal;
    if (known && !is_same(*known, *principal)) {
      return fail(ErrorCode::usage, "the request has two credentials, which name different principals");
    }
    // Of two, the one that may do less counts.
    if (!known || principal->role < known->role || !principal->audiences.empty()) known = std::move(*principal);
  }
  if (!known) {
    return fail(ErrorCode::unauthenticated, "the request has no credential",
                "send Authorization: Bearer TOKEN, or an API key in x-runagents-api-key");
  }
  known->address = client;
  return *std::move(known);
}

}  // namespace runagents::server
