#include "cli/connection/session.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/api/client.hpp"
#include "core/config/file_lock.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::seconds;

constexpr seconds shortest_life{60};

std::chrono::sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

std::unexpected<Error> session_is_over(const Connection& connection, const std::string& why) {
  return fail(ErrorCode::unauthenticated, fmt::format("the login to {} is over: {}", connection.label(), why),
              fmt::format("runagents login --context {}", connection.context));
}

bool lives_on(const auth::Tokens& tokens) { return !tokens.expires_at || now() + shortest_life < *tokens.expires_at; }

model::Auth auth_of(const Session& session) {
  model::Auth auth;
  auth.type = model::AuthType::oauth2;
  auth.token_url = session.token_url;
  auth.revocation_url = session.revocation_url;
  auth.client_id = login_client_id;
  auth.ca_file = session.ca_file;
  return auth;
}

Result<Session> session_of(const Connection& connection, api::ControlPlane& local) {
  auto session = load_session(connection.session->value, local);
  if (!session) {
    if (session.error().code == ErrorCode::not_found) return session_is_over(connection, "its tokens are gone");
    return session;
  }
  if (session->endpoint != connection.endpoint) return session_is_over(connection, "it was made at another endpoint");
  return session;
}

Result<Session> renewed(Session session, const Connection& connection, api::ControlPlane& local,
                        const auth::Fetch& fetch) {
  if (session.tokens.refresh_token.empty()) return session_is_over(connection, "there is no refresh token");
  const auto auth = auth_of(session);
  const config::Secret no_secret;
  auto tokens = auth::OAuth2Client{auth, no_secret, fetch}.refresh(session.tokens.refresh_token);
  if (!tokens) {
    if (tokens.error().kind == auth::TokenFailure::Kind::grant_lost) {
      return session_is_over(connection, tokens.error().message);
    }
    return fail(ErrorCode::unavailable, "the login cannot be renewed: " + tokens.error().message);
  }
  if (tokens->refresh_token.empty()) tokens->refresh_token = std::move(session.tokens.refresh_token);
  session.tokens = std::move(*tokens);
  if (auto stored = store_session(connection.session->value, session, local); !stored) {
    return std::unexpected(std::move(stored.error()));
  }
  return session;
}

}  // namespace

std::string session_secret_name(std::string_view context) { return fmt::format("session.{}", context); }

Result<void> store_session(std::string_view name, const Session& session, api::ControlPlane& local) {
  Json json = {{"endpoint", session.endpoint},
               {"token_url", session.token_url},
               {"revocation_url", session.revocation_url},
               {"ca_file", session.ca_file},
               {"access_token", session.tokens.access_token.reveal()},
               {"refresh_token", session.tokens.refresh_token.reveal()}};
  if (session.tokens.expires_at) json["expires_at"] = session.tokens.expires_at->time_since_epoch().count();
  const config::Secret value{json.dump(-1, ' ', false, Json::error_handler_t::replace)};
  const auto stored = local.put_secret(name, value);
  if (!stored) return std::unexpected(stored.error());
  return {};
}

Result<Session> load_session(std::string_view name, api::ControlPlane& local) {
  const auto value = local.reveal_secret(name);
  if (!value) return std::unexpected(value.error());
  const Json json = Json::parse(value->reveal(), nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::configuration, fmt::format("store:{} is no session", name));
  Session session{.endpoint = api::text_of(json, "endpoint"),
                  .token_url = api::text_of(json, "token_url"),
                  .revocation_url = api::text_of(json, "revocation_url"),
                  .ca_file = api::text_of(json, "ca_file"),
                  .tokens = {}};
  session.tokens.access_token = config::Secret{api::text_of(json, "access_token")};
  session.tokens.refresh_token = config::Secret{api::text_of(json, "refresh_token")};
  if (const auto at = json.find("expires_at"); at != json.end() && at->is_number_integer()) {
    session.tokens.expires_at = std::chrono::sys_seconds{seconds{at->get<std::int64_t>()}};
  }
  return session;
}

Result<config::Secret> session_token(const Connection& connection, api::ControlPlane& local,
                                     const std::filesystem::path& data_directory, std::string_view refused,
                                     const auth::Fetch& fetch) {
  const auto is_good = [refused](const Session& one) {
    return one.tokens.access_token.reveal() != refused && lives_on(one.tokens);
  };
  auto session = session_of(connection, local);
  if (!session) return std::unexpected(std::move(session.error()));
  if (is_good(*session)) return std::move(session->tokens.access_token);
  const auto lock = config::FileLock::wait(data_directory / (connection.session->value + ".lock"));
  if (!lock) return std::unexpected(lock.error());
  // Somebody else may have renewed it meanwhile.
  session = session_of(connection, local);
  if (!session) return std::unexpected(std::move(session.error()));
  if (!is_good(*session)) session = renewed(std::move(*session), connection, local, fetch);
  if (!session) return std::unexpected(std::move(session.error()));
  return std::move(session->tokens.access_token);
}

Result<void> revoke_session(const Session& session, const auth::Fetch& fetch) {
  if (session.revocation_url.empty()) return fail(ErrorCode::unavailable, "the server has no revocation endpoint");
  const auto auth = auth_of(session);
  const config::Secret no_secret;
  const auth::OAuth2Client client{auth, no_secret, fetch};
  if (!session.tokens.refresh_token.empty()) {
    if (auto told = client.revoke(session.tokens.refresh_token, "refresh_token"); !told) return told;
  }
  return client.revoke(session.tokens.access_token, "access_token");
}

}  // namespace runagents::cli
