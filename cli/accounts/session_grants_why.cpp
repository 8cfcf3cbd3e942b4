#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/accounts/session_grants.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/text.hpp"
#include "core/api/grant_sharing.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::GrantPair;
using api::Target;
using api::text_of;

/// What is found out on the way, for people; and what it comes to, for programs.
struct Findings {
  std::string text;
  std::string source;  ///< "none_needed", "own", "shared"; empty: there is no credential
  std::string grant_id;
  std::string reason;  ///< why not, in the API's words

  void say(std::string_view line) { text.append(line).append("\n"); }
};

bool is_users(const Json& grant, const std::string& user) {
  return text_of(grant, "grantor_user_id") == user || lowered(text_of(grant, "grantor_email")) == lowered(user);
}

/// A delegation is what lets the account act for the user at all; what cannot be seen is said.
Result<void> look_at_delegation(const GrantPair& pair, const std::string& user, api::Client& client, Findings& found) {
  const auto delegations = client.list(Target{account_kind().path}.segment(pair.account).segment("delegations"));
  if (!delegations) return std::unexpected(delegations.error());
  const auto one = std::ranges::find_if(*delegations, [&](const Json& delegation) {
    const bool is_active = !delegation.contains("is_active") || api::is_set(delegation, "is_active");
    return is_active && (text_of(delegation, "delegator_user_id") == user ||
                         lowered(text_of(delegation, "delegator_email")) == lowered(user));
  });
  if (one != delegations->end()) {
    found.say(fmt::format("{} has delegated to the account", output::printable(user)));
  } else {
    found.say(fmt::format("no active delegation of {}: there is no token on their behalf", output::printable(user)));
    found.reason = "no_delegation";
  }
  return {};
}

void look_at_grants(const std::vector<Json>& grants, const std::string& user, Findings& found) {
  const auto own = std::ranges::find_if(grants, [&](const Json& one) { return !user.empty() && is_users(one, user); });
  const auto shared = std::ranges::find_if(grants, [](const Json& one) { return api::is_set(one, "shared"); });
  if (own != grants.end()) {
    found.say(fmt::format("{} has granted a session of their own: it is used", output::printable(user)));
    found.source = "own";
    found.grant_id = text_of(*own, "id");
    return;
  }
  if (!user.empty()) found.say(fmt::format("no grant of {} that is shown to you", output::printable(user)));
  if (shared == grants.end()) {
    found.say("no shared grant: calls are answered with \"No credentials available for this server\"");
    found.reason = "no_credentials";
    return;
  }
  const auto email = text_of(*shared, "grantor_email");
  found.say(fmt::format("the shared grant of {} is used",
                        output::printable(email.empty() ? text_of(*shared, "grantor_user_id") : email)));
  found.source = "shared";
  found.grant_id = text_of(*shared, "id");
}

bool needs_oauth(const std::string& server, api::Client& client, Findings& found) {
  const auto one = find_object(server_kind(), server, client);
  const auto type = one ? text_of(*one, "auth_type") : std::string{};
  if (type.empty() || type == "oauth") return true;
  found.say(
      fmt::format("the server takes no OAuth session (auth_type {}): no grant is needed", output::printable(type)));
  found.source = "none_needed";
  return false;
}

}  // namespace

Outcome explain_session_grant(const SessionGrantWhy& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto account = id_of(account_kind(), options.of.account, *client);
  if (!account) return std::unexpected(account.error());
  const auto server = id_of(server_kind(), options.of.server, *client);
  if (!server) return std::unexpected(server.error());
  const GrantPair pair{*account, *server};
  Findings found;
  if (!options.user.empty()) {
    if (const auto looked = look_at_delegation(pair, options.user, *client, found); !looked) {
      return std::unexpected(looked.error());
    }
  }
  if (found.reason.empty() && needs_oauth(*server, *client, found)) {
    const auto grants = api::GrantSharing{*client, pair}.visible();
    if (!grants) return std::unexpected(grants.error());
    look_at_grants(*grants, options.user, found);
  }
  Json json = {{"account", options.of.account}, {"server", options.of.server},
               {"user", options.user},          {"source", nullptr},
               {"grant_id", nullptr},           {"reason", nullptr}};
  if (!found.source.empty()) json["source"] = found.source;
  if (!found.grant_id.empty()) json["grant_id"] = found.grant_id;
  if (!found.reason.empty()) json["reason"] = found.reason;
  const auto printed = print_object(grant_kind(), json, found.text, context);
  if (!printed || found.reason.empty()) return printed;
  return exit_code(found.reason == "no_delegation" ? ErrorCode::forbidden : ErrorCode::needs_person);
}

}  // namespace runagents::cli
