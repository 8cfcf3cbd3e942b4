#include "cli/completion/server.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>

#include <nlohmann/json.hpp>

#include "cli/completion/names.hpp"
#include "cli/completion/store.hpp"
#include "core/api/answer.hpp"
#include "core/api/client.hpp"
#include "core/api/http_transport.hpp"
#include "core/auth/key_ring.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_names = 1000;  ///< the longest page of our own server
constexpr std::size_t usual_page = 100;   ///< what other servers give at most, and refuse more

/// Where a server has its objects of a kind, and which of their members name and describe them.
struct Source {
  Means means;
  std::string_view path;
  std::string_view name;
  std::string_view description;
};

constexpr std::array sources = {
    Source{Means::run, "/runs", "id", "agent_id"},
    Source{Means::agent, "/agents", "name", ""},
    Source{Means::tool, "/tools", "name", "description"},
    Source{Means::policy, "/policies", "name", "description"},
    Source{Means::provider, "/model-providers", "name", ""},
    Source{Means::approval, "/approvals/requests", "id", "url"},
    Source{Means::pending_approval, "/approvals/requests", "id", "url"},
    Source{Means::approval_grant, "/approvals/grants", "id", "tool"},
    Source{Means::connector, "/approval-connectors", "name", "endpoint"},
    Source{Means::consent, "/consents", "id", "tool"},
    Source{Means::secret, "/secrets", "name", ""},
    Source{Means::account, "/agent-accounts", "name", "description"},
    Source{Means::server, "/servers", "name", "url"},
    Source{Means::user, "/users", "email", "name"},
    Source{Means::api_key, "/api-keys", "name", "prefix"},
    Source{Means::identity_provider, "/identity-providers", "name", "issuer"},
};

Result<config::Secret> token_of_login(const Connection& connection, const config::Directories& directories) {
  const auto stored = glance_at_secret(connection.session->value, directories.data);
  if (!stored) return std::unexpected(stored.error());
  const Json session = Json::parse(stored->reveal(), nullptr, false);
  if (api::text_of(session, "endpoint") != connection.endpoint) {
    return fail(ErrorCode::unauthenticated, "the login is for another server");
  }
  const auto ends = session.find("expires_at");
  const auto now =
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
  if (ends != session.end() && ends->is_number_integer() && ends->get<std::int64_t>() <= now) {
    return fail(ErrorCode::unauthenticated, "the token has to be renewed");
  }
  return config::Secret{api::text_of(session, "access_token")};
}

Result<config::Secret> quiet_credential(const Connection& connection, const config::Directories& directories) {
  using Kind = model::SecretReference::Kind;
  if (connection.session) return token_of_login(connection, directories);
  if (!connection.credential) return fail(ErrorCode::unauthenticated, "there is no credential");
  switch (connection.credential->kind) {
    case Kind::env:
    case Kind::file:
      return config::resolve(*connection.credential, directories.configuration, patience_for_names);
    case Kind::store:
      return glance_at_secret(connection.credential->value, directories.data);
    default:
      return fail(ErrorCode::unauthenticated, "a program would have to be started");
  }
}

/// A server that asks for patience is not asked again.
auto fetch_once() {
  return [is_spent = std::make_shared<bool>(false)](const http::FetchRequest& request) -> Result<http::FetchResponse> {
    if (std::exchange(*is_spent, true)) return fail(ErrorCode::unavailable, "asked once already");
    return http::fetch(request);
  };
}

/// The first page of a list, by one request.
Result<api::Page> page_at(const Source& source, std::size_t limit, const Connection& connection,
                          const config::Secret& credential) {
  const auto transport = api::open_http(
      {.endpoint = connection.endpoint,
       .ca_file = connection.ca_file,
       .timeout = patience_for_names,
       .credential = [&credential](std::string_view) -> Result<config::Secret> { return auth::copy(credential); },
       .fetch = fetch_once(),
       .pause = [](std::chrono::milliseconds) {}});
  api::Target target{source.path};
  if (source.means == Means::pending_approval) {
    target.parameter("status", word(model::ApprovalStatus::pending));
  }
  auto answer = api::Client{*transport}.get(target.parameter("limit", limit));
  if (!answer) return std::unexpected(std::move(answer.error()));
  return api::page_of(std::move(*answer));
}

}  // namespace

std::vector<Candidate> names_at_server(Means means, const Connection& connection,
                                       const config::Directories& directories) {
  const auto* source = std::ranges::find(sources, means, &Source::means);
  if (source == sources.end()) return {};
  const auto credential = quiet_credential(connection, directories);
  if (!credential || credential->empty()) return {};
  auto page = page_at(*source, most_names, connection, *credential);
  if (!page && page.error().code == ErrorCode::usage) page = page_at(*source, usual_page, connection, *credential);
  if (!page) return {};
  std::vector<Candidate> names;
  for (const auto& object : page->items) {
    auto name = api::text_of(object, source->name);
    if (!name.empty()) names.push_back({std::move(name), api::text_of(object, source->description)});
  }
  if (means == Means::run && !names.empty()) names.insert(names.begin(), {"latest", names.front().description});
  return names;
}

}  // namespace runagents::cli
