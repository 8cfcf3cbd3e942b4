#include "cli/connection/login.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/approvals/approvals.hpp"
#include "cli/connection/authorization_server.hpp"
#include "cli/connection/browser.hpp"
#include "cli/connection/contexts.hpp"
#include "cli/connection/session.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The connection that a session can be kept for.
Result<Connection> named_connection(Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->is_local()) {
    return fail(ErrorCode::usage, "the store of this machine needs no login",
                "runagents context add NAME https://runagents.example.com --use");
  }
  if ((*connection)->context.empty()) {
    return fail(ErrorCode::usage,
                "a login is kept under the name of a context, and the endpoint comes from the environment",
                "runagents context add NAME " + (*connection)->endpoint);
  }
  return **connection;
}

LoginSteps steps_of(const Login& options, Context& context) {
  return {.show_page =
              [&options, &context](const std::string& url) {
                if (!options.no_browser) open_browser(url, context);
                context.terminal.err << "open this address in a browser on this machine:\n  " << output::printable(url)
                                     << '\n'
                                     << std::flush;
              },
          .show_code =
              [&options, &context](const std::string& url, const std::string& code) {
                if (!options.no_browser) open_browser(url, context);
                context.terminal.err << "open this address in a browser anywhere:\n  " << output::printable(url)
                                     << "\nand check or type the code\n  " << output::printable(code) << '\n'
                                     << std::flush;
              },
          .pause = context.pause};
}

/// Remembers where the context's tokens are, in place of any other credential.
Result<void> keep(const Connection& connection, const Session& session, Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto name = session_secret_name(connection.context);
  if (auto stored = store_session(name, session, **plane); !stored) return stored;
  return change_user_configuration(context, [&](config::UserConfiguration& all) -> Result<void> {
    auto* one = all.find(connection.context);
    if (one == nullptr) return fail(ErrorCode::conflict, fmt::format("the context \"{}\" is gone", connection.context));
    one->session = model::SecretReference{model::SecretReference::Kind::store, name};
    one->credential.reset();
    return {};
  });
}

}  // namespace

Outcome log_in(const Login& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  const auto connection = named_connection(context);
  if (!connection) return std::unexpected(connection.error());
  const auto fetch = fetch_of(*connection);
  const auto server = discover(*connection, fetch);
  if (!server) return std::unexpected(server.error());
  if (options.dry_run) {
    say_dry_run(context);
    context.terminal.err << fmt::format("you would log in to {}\n", output::printable(connection->label()));
    return 0;
  }
  const auto steps = steps_of(options, context);
  auto tokens = options.device ? log_in_by_device(*server, steps, options.timeout, fetch)
                               : log_in_by_browser(*server, steps, options.timeout, fetch);
  if (!tokens) return std::unexpected(tokens.error());
  const Session session{.endpoint = connection->endpoint,
                        .token_url = server->token_url,
                        .revocation_url = server->revocation_url,
                        .ca_file = connection->ca_file,
                        .tokens = std::move(*tokens)};
  if (const auto kept = keep(*connection, session, context); !kept) return std::unexpected(kept.error());
  context.terminal.err << fmt::format("logged in to {}\n", connection->label());
  return 0;
}

Outcome log_out(bool dry_run, Context& context) {
  const auto connection = named_connection(context);
  if (!connection) return std::unexpected(connection.error());
  if (!connection->session) {
    return fail(ErrorCode::not_found, fmt::format("nobody is logged in to {}", connection->label()));
  }
  if (dry_run) {
    say_dry_run(context);
    context.terminal.err << fmt::format("you would be logged out of {}\n", output::printable(connection->label()));
    return 0;
  }
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto session = load_session(connection->session->value, **plane);
  // Forgotten here whatever the server says; it is told what there was.
  const auto told = session ? revoke_session(*session, fetch_of(*connection)) : Result<void>{};
  const auto gone = (*plane)->delete_secret(connection->session->value);
  if (!gone && gone.error().code != ErrorCode::not_found) return std::unexpected(gone.error());
  const auto changed = change_user_configuration(context, [&](config::UserConfiguration& all) -> Result<void> {
    if (auto* one = all.find(connection->context)) one->session.reset();
    return {};
  });
  if (!changed) return std::unexpected(changed.error());
  if (!told) {
    return fail(ErrorCode::unavailable, "logged out here, but the server could not be told: " + told.error().message,
                "the tokens stay good there until they end");
  }
  context.terminal.err << fmt::format("logged out of {}\n", connection->label());
  return 0;
}

Outcome who_am_i(Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  const auto headline = (*connection)->is_local() ? std::string{"the store of this machine"} : (*connection)->endpoint;
  if ((*connection)->is_local()) {
    const auto name = local_user();
    const Json json = {{"context", (*connection)->context}, {"kind", "local"}, {"name", name}};
    return print_object(user_kind(), json, fmt::format("{}, the owner of {}\n", output::printable(name), headline),
                        context);
  }
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto user = client->get(api::Target{"/users/me"});
  if (!user) return std::unexpected(user.error());
  if (!user->is_object()) return fail(ErrorCode::unavailable, headline + " does not say who this is");
  Json shown = {{"endpoint", headline}};
  shown.update(*user);
  return print_object(user_kind(), *user, members_text(shown), context);
}

}  // namespace runagents::cli
