#include "cli/servers.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/browser.hpp"
#include "cli/confirm.hpp"
#include "cli/kinds.hpp"
#include "cli/output/text.hpp"
#include "cli/secret_value.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

Json auth_of(const ServerOptions& options) {
  Json auth = Json::object();
  const auto add = [&auth](const char* member, const std::string& value) {
    if (!value.empty()) auth[member] = value;
  };
  add("header", options.header);
  add("variable", options.variable);
  add("prefix", options.prefix);
  add("issuer", options.issuer);
  add("client_id", options.client_id);
  if (!options.scopes.empty()) auth["scopes"] = options.scopes;
  add("ca_file", options.ca_file);
  return auth;
}

Result<Json> environment_of(const ServerOptions& options) {
  Json environment = Json::object();
  for (const auto& word : options.environment) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::usage, fmt::format("--env: \"{}\" is not NAME=VALUE", word.substr(0, equals)));
    }
    environment[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return environment;
}

Result<Json> body_of(const ServerOptions& options, Context& context) {
  Json body = Json::object();
  if (!options.new_name.empty()) body["name"] = options.new_name;
  if (!options.description.empty()) body["description"] = options.description;
  if (!options.url.empty()) body["url"] = options.url;
  if (!options.command.empty()) {
    body["command"] = options.command;
    body["transport"] = "stdio";
  }
  if (!options.auth_type.empty()) body["auth_type"] = options.auth_type;
  if (auto auth = auth_of(options); !auth.empty()) body["auth"] = std::move(auth);
  auto environment = environment_of(options);
  if (!environment) return environment;
  if (!environment->empty()) body["environment"] = *std::move(environment);
  if (!options.status.empty()) body["status"] = options.status;
  if (options.secret.empty()) return body;
  const auto secret = secret_value(options.secret, context);
  if (!secret) return std::unexpected(secret.error());
  body["secret"] = secret->reveal();
  return body;
}

/// The secret goes to the server and nowhere else.
Json without_secret(Json body) {
  if (body.contains("secret")) body["secret"] = "(hidden)";
  return body;
}

Target session_of(const std::string& server) {
  return Target{server_kind().path}.segment(server).segment("oauth-session");
}

Outcome print_session(const std::string& headline, const Json& session, const Context& context) {
  return print_object(server_kind(), session, headline + members_text(session), context);
}

}  // namespace

Outcome create_server(const ServerOptions& options, Context& context) {
  if (options.url.empty() == options.command.empty()) {
    return fail(ErrorCode::usage, "a server is reached at --url URL, or is a command after \"--\"");
  }
  auto body = body_of(options, context);
  if (!body) return std::unexpected(body.error());
  (*body)["name"] = options.name;
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) {
    say_dry_run(context);
    const auto shown = without_secret(*body);
    return print_object(server_kind(), shown, "would be registered\n" + members_text(shown), context);
  }
  const auto server = client->post(Target{server_kind().path}, *body);
  if (!server) return std::unexpected(server.error());
  return print_object(server_kind(), *server, "registered\n" + members_text(*server), context);
}

Outcome update_server(const ServerOptions& options, Context& context) {
  const auto body = body_of(options, context);
  if (!body) return std::unexpected(body.error());
  if (body->empty()) {
    return fail(ErrorCode::usage, "nothing to change", "runagents servers update --help lists what can be");
  }
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  auto server = find_object(server_kind(), options.name, *client);
  if (!server) return std::unexpected(server.error());
  const auto name = output::printable(name_of(server_kind(), *server));
  if (options.dry_run) {
    say_dry_run(context);
    server->update(without_secret(*body));
    return print_object(server_kind(), *server, fmt::format("would be changed: {}\n", name), context);
  }
  const auto changed = client->patch(Target{server_kind().path}.segment(text_of(*server, "id")), *body);
  if (!changed) return std::unexpected(changed.error());
  return print_object(server_kind(), *changed, fmt::format("changed {}\n", name), context);
}

Outcome connect_server(const ServerConnect& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto server = id_of(server_kind(), options.name, *client);
  if (!server) return std::unexpected(server.error());
  const auto before = client->get(session_of(*server));
  if (!before && before.error().code == ErrorCode::unavailable) return std::unexpected(before.error());
  const auto started = client->post(session_of(*server).segment("authorize"), Json::object());
  if (!started) return std::unexpected(started.error());
  const auto url = text_of(*started, "authorization_url");
  if (url.empty()) return fail(ErrorCode::unavailable, "the server did not say where to authorize it");
  if (!options.no_browser) open_browser(url, context);
  auto& err = context.terminal.err;
  err << "open this address in a browser:\n  " << output::printable(url) << '\n' << std::flush;
  const auto version = before ? text_of(*before, "updated_at") : std::string{};
  constexpr std::chrono::milliseconds step{1000};
  for (auto waited = std::chrono::milliseconds{0}; waited < options.timeout; waited += step) {
    if (!context.pause(step)) break;
    const auto now = client->get(session_of(*server));
    if (!now && now.error().code != ErrorCode::not_found) return std::unexpected(now.error());
    if (now && text_of(*now, "updated_at") != version) {
      return print_session(fmt::format("connected to {}\n", output::printable(options.name)), *now, context);
    }
  }
  return fail(ErrorCode::needs_person, fmt::format("nobody has authorized {} yet", output::printable(options.name)),
              "the address above stays good for a while; then: runagents servers session " + options.name);
}

Outcome server_session(const ServerSession& options, Context& context) {
  const bool changes = options.remove || !options.token.empty();
  auto client = changes ? client_for_changes(context) : open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto server = id_of(server_kind(), options.name, *client);
  if (!server) return std::unexpected(server.error());
  const auto name = output::printable(options.name);
  if (!changes || options.dry_run) {
    const auto session = client->get(session_of(*server));
    // To be set, none has to be there.
    const bool may_lack = options.dry_run && !session && session.error().code == ErrorCode::not_found;
    if (!session && !may_lack) return std::unexpected(session.error());
    if (options.dry_run) say_dry_run(context);
    return print_session({}, session.value_or(Json::object()), context);
  }
  if (options.remove) {
    const auto leave = confirm(fmt::format("end your session on {}?", name), options.yes, context.terminal);
    if (!leave) return std::unexpected(leave.error());
    const auto gone = client->remove(session_of(*server));
    if (!gone) return std::unexpected(gone.error());
    return print_session(fmt::format("ended your session on {}\n", name),
                         gone->is_object() ? *gone : Json{{"server_id", *server}}, context);
  }
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
  const auto session = client->put(session_of(*server), body);
  if (!session) return std::unexpected(session.error());
  return print_session(fmt::format("stored your session on {}\n", name), *session, context);
}

}  // namespace runagents::cli
