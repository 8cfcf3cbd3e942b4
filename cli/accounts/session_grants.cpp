#include "cli/accounts/session_grants.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/confirm.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/text.hpp"
#include "core/api/grant_sharing.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::GrantPair;
using api::GrantSharing;
using api::Target;
using api::text_of;

Result<GrantPair> pair_of(const GrantOf& of, api::Client& client) {
  auto account = id_of(account_kind(), of.account, client);
  if (!account) return std::unexpected(std::move(account.error()));
  auto server = id_of(server_kind(), of.server, client);
  if (!server) return std::unexpected(std::move(server.error()));
  return GrantPair{std::move(*account), std::move(*server)};
}

Target grants_of(const GrantPair& pair) {
  return Target{account_kind().path}.segment(pair.account).segment("session-grants");
}

const char* word_of(bool shared) { return shared ? "shared" : "personal"; }

std::string grantor_of(const Json& grant) {
  const auto email = text_of(grant, "grantor_email");
  return output::printable(email.empty() ? text_of(grant, "grantor_user_id") : email);
}

Outcome print_grant(std::string_view what, const Json& grant, const GrantOf& of, const Context& context) {
  return print_object(
      grant_kind(), grant,
      fmt::format("{}: {} may use {}'s session on {} ({})\n", what, output::printable(of.account), grantor_of(grant),
                  output::printable(of.server), word_of(api::is_set(grant, "shared"))),
      context);
}

/// Promoting takes grants of others away, some of which nobody but them can see.
Result<void> confirm_promotion(const GrantSharing& sharing, const Json& own, bool yes, const Context& context) {
  const auto revoked = sharing.revoked_by_promotion(own);
  if (!revoked) return std::unexpected(revoked.error());
  auto& err = context.terminal.err;
  for (const auto& one : *revoked) {
    err << fmt::format("this revokes the {} grant of {}\n", word_of(api::is_set(one, "shared")), grantor_of(one));
  }
  err << "personal grants of others for this account and server, which are not shown to you, are revoked, too\n";
  return confirm("share your session with everybody for whom the account acts?", yes, context.terminal);
}

Outcome set_shared(const GrantSharing& sharing, const Json& own, const SessionGrantShare& options, Context& context) {
  if (api::is_set(own, "shared") == options.shared) return print_grant("left as it was", own, options.of, context);
  if (options.dry_run) {
    say_dry_run(context);
    return print_grant(fmt::format("would be {}", word_of(options.shared)), own, options.of, context);
  }
  if (options.shared) {
    if (const auto leave = confirm_promotion(sharing, own, options.yes, context); !leave) {
      return std::unexpected(leave.error());
    }
  }
  const auto changed = sharing.set(own, options.shared);
  if (!changed) return std::unexpected(changed.error());
  return print_grant("changed", *changed, options.of, context);
}

/// `flips`: to the contrary of what it is, whatever the options say.
Outcome change_own(const SessionGrantShare& options, bool flips, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto pair = pair_of(options.of, *client);
  if (!pair) return std::unexpected(pair.error());
  const GrantSharing sharing{*client, *pair};
  const auto own = sharing.own();
  if (!own && own.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::not_found, own.error().message,
                fmt::format("runagents grants create {} {}{}", options.of.account, options.of.server,
                            options.shared || flips ? " --shared" : ""));
  }
  if (!own) return std::unexpected(own.error());
  auto wanted = options;
  if (flips) wanted.shared = !api::is_set(*own, "shared");
  return set_shared(sharing, *own, wanted, context);
}

}  // namespace

Outcome list_session_grants(const SessionGrantsList& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto account = id_of(account_kind(), options.of.account, *client);
  if (!account) return std::unexpected(account.error());
  auto target = grants_of({*account, {}});
  if (!options.of.server.empty()) {
    const auto server = id_of(server_kind(), options.of.server, *client);
    if (!server) return std::unexpected(server.error());
    target.parameter("server_id", *server);
  }
  if (options.all) target.parameter("active", "all");
  auto grants = client->list(target);
  if (!grants) return std::unexpected(grants.error());
  if (!options.all) {
    std::erase_if(*grants, [](const Json& one) { return one.contains("is_active") && !api::is_set(one, "is_active"); });
  }
  return print_objects(grant_kind(), *grants, context);
}

Outcome create_session_grant(const SessionGrantCreate& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto pair = pair_of(options.of, *client);
  if (!pair) return std::unexpected(pair.error());
  Json body = {{"server_id", pair->server}, {"shared", options.shared}};
  if (!options.user.empty()) body[options.user.contains('@') ? "user_email" : "user_id"] = options.user;
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(grant_kind(), body, "would be granted\n" + members_text(body), context);
  }
  if (options.shared) {
    const GrantSharing sharing{*client, *pair};
    if (const auto leave = confirm_promotion(sharing, Json::object(), options.yes, context); !leave) {
      return std::unexpected(leave.error());
    }
  }
  const auto made = client->post(grants_of(*pair), body);
  if (!made) return std::unexpected(made.error());
  return print_grant("granted", *made, options.of, context);
}

Outcome share_session_grant(const SessionGrantShare& options, Context& context) {
  return change_own(options, false, context);
}

Outcome toggle_session_grant(const SessionGrantShare& options, Context& context) {
  return change_own(options, true, context);
}

Outcome ensure_session_grant(const SessionGrantCreate& options, Context& context) {
  if (options.shared && options.personal) return fail(ErrorCode::usage, "--shared and --personal are two answers");
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto pair = pair_of(options.of, *client);
  if (!pair) return std::unexpected(pair.error());
  const GrantSharing sharing{*client, *pair};
  const auto own = sharing.own();
  if (!own && own.error().code == ErrorCode::not_found) return create_session_grant(options, context);
  if (!own) return std::unexpected(own.error());
  if (!options.shared && !options.personal) return print_grant("left as it was", *own, options.of, context);
  return set_shared(sharing, *own,
                    {.of = options.of, .shared = options.shared, .yes = options.yes, .dry_run = options.dry_run},
                    context);
}

Outcome revoke_session_grants(const SessionGrantsRevoke& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  auto ids = options.ids;
  if (ids.empty()) {
    if (options.of.account.empty() || options.of.server.empty()) {
      return fail(ErrorCode::usage, "say which: an id, or --account and --server for your own grant");
    }
    const auto pair = pair_of(options.of, *client);
    if (!pair) return std::unexpected(pair.error());
    const auto own = GrantSharing{*client, *pair}.own();
    if (!own) return std::unexpected(own.error());
    ids.push_back(text_of(*own, "id"));
  }
  for (const auto& id : ids) {
    if (!is_uuid(id)) return fail(ErrorCode::usage, fmt::format("\"{}\" is no id of a grant", output::printable(id)));
  }
  if (options.dry_run) say_dry_run(context);
  for (const auto& id : ids) {
    if (!options.dry_run) {
      const auto leave = confirm(fmt::format("revoke the session grant {}?", id), options.yes, context.terminal);
      if (!leave) return std::unexpected(leave.error());
    }
    auto gone = options.dry_run ? Result<Json>{Json{}} : client->remove(Target{"/session-grants"}.segment(id));
    if (!gone) return std::unexpected(gone.error());
    if (!gone->is_object()) *gone = {{"id", id}, {"is_active", options.dry_run}};
    const auto text = fmt::format("{} {}\n", options.dry_run ? "would be revoked" : "revoked", id);
    if (const auto printed = print_object(grant_kind(), *gone, text, context); !printed) return printed;
  }
  return 0;
}

}  // namespace runagents::cli
