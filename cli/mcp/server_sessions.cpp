#include "cli/mcp/server_sessions.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/confirm.hpp"
#include "cli/connection/browser.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/text.hpp"
#include "cli/progress.hpp"
#include "cli/runs/outage.hpp"
#include "cli/secrets/secret_value.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

/// Of the caller, or of another user, for administrators.
Target session_of(const std::string& server, const std::string& user) {
  return Target{server_kind().path}.segment(server).segment("oauth-session").parameter("user", user);
}

Result<Target> find_session(const ServerSession& options, api::Client& client) {
  const auto server = id_of(server_kind(), options.name, client);
  if (!server) return std::unexpected(server.error());
  return session_of(*server, options.user);
}

Outcome print_session(const std::string& headline, const Json& session, const Context& context) {
  return print_object(server_kind(), session, headline + members_text(session), context);
}

std::string place_of(const ServerSession& options) {
  const auto whose = options.user.empty() ? "your session" : "the session of " + output::printable(options.user);
  return whose + " on " + output::printable(options.name);
}

/// Shows what is there, if anything is.
Outcome show_dry_run(const Target& target, api::Client& client, const Context& context) {
  const auto session = client.get(target);
  if (!session && session.error().code != ErrorCode::not_found) return std::unexpected(session.error());
  say_dry_run(context);
  return print_session({}, session.value_or(Json::object()), context);
}

}  // namespace

Outcome connect_server(const ServerConnect& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto server = id_of(server_kind(), options.name, *client);
  if (!server) return std::unexpected(server.error());
  const auto session = session_of(*server, {});
  if (options.dry_run) return show_dry_run(session, *client, context);
  const auto before = client->get(session);
  if (!before && before.error().code == ErrorCode::unavailable) return std::unexpected(before.error());
  const auto started = client->post(Target{session}.segment("authorize"), Json::object());
  if (!started) return std::unexpected(started.error());
  const auto url = text_of(*started, "authorization_url");
  if (url.empty()) return fail(ErrorCode::unavailable, "the server did not say where to authorize it");
  if (!options.no_browser) open_browser(url, context);
  auto& err = context.terminal.err;
  err << "open this address in a browser:\n  " << output::printable(url) << '\n' << std::flush;
  const auto version = before ? text_of(*before, "updated_at") : std::string{};
  Outage outage{context};
  Progress progress{context};
  constexpr std::chrono::milliseconds step{1000};
  for (auto waited = std::chrono::milliseconds{0}; waited < options.timeout; waited += step) {
    progress.show("you");
    if (!context.pause(step)) break;
    const auto now = client->get(session);
    if (!now || text_of(*now, "updated_at") != version) progress.clear();
    if (!now && outage.sit_out(now.error())) continue;
    if (!now && now.error().code != ErrorCode::not_found) return std::unexpected(now.error());
    outage.end();
    if (now && text_of(*now, "updated_at") != version) {
      return print_session(fmt::format("connected to {}\n", output::printable(options.name)), *now, context);
    }
  }
  return fail(ErrorCode::needs_person, fmt::format("nobody has authorized {} yet", output::printable(options.name)),
              "the address above stays good for a while; then: runagents servers session get " + options.name);
}

Outcome get_session(const ServerSession& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto target = find_session(options, *client);
  if (!target) return std::unexpected(target.error());
  const auto session = client->get(*target);
  if (!session) return std::unexpected(session.error());
  return print_session({}, *session, context);
}

Outcome set_session(const ServerSession& options, Context& context) {
  if (options.token.empty()) return fail(ErrorCode::usage, "say where the access token is found: --token REF");
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto target = find_session(options, *client);
  if (!target) return std::unexpected(target.error());
  if (options.dry_run) return show_dry_run(*target, *client, context);
  Json body = Json::object();
  const auto token = secret_value(options.token, context);
  if (!token) return std::unexpected(token.error());
  body["access_token"] = token->reveal();
  if (!options.refresh_token.empty()) {
    const auto refresh = secret_value(options.refresh_token, context);
    if (!refresh) return std::unexpected(refresh.error());
    body["refresh_token"] = refresh->reveal();
  }
  if (options.expires_in.count() > 0) body["expires_at"] = model::to_iso8601(context.now() + options.expires_in);
  const auto session = client->put(*target, body);
  if (!session) return std::unexpected(session.error());
  return print_session(fmt::format("stored {}\n", place_of(options)), *session, context);
}

Outcome revoke_session(const ServerSession& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto server = id_of(server_kind(), options.name, *client);
  if (!server) return std::unexpected(server.error());
  const auto target = session_of(*server, options.user);
  if (options.dry_run) return show_dry_run(target, *client, context);
  const auto leave = confirm(fmt::format("end {}?", place_of(options)), options.yes, context.terminal);
  if (!leave) return std::unexpected(leave.error());
  const auto gone = client->remove(target);
  if (!gone) return std::unexpected(gone.error());
  return print_session(fmt::format("ended {}\n", place_of(options)),
                       gone->is_object() ? *gone : Json{{"server_id", *server}}, context);
}

}  // namespace runagents::cli
