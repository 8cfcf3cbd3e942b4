#include "cli/consents/consents.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include "cli/approvals/approvals.hpp"
#include "cli/confirm.hpp"
#include "cli/nearest.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"
#include "cli/project/project.hpp"
#include "cli/tools/tools.hpp"
#include "core/auth/stored_tokens.hpp"
#include "runner/consent_start.hpp"
#include "server/embedded.hpp"

namespace runagents::cli {
namespace {

using model::Consent;
using output::Colour;

std::string user_of(const Consent& consent) {
  return consent.place.end_user.empty() ? "(shared)" : consent.place.end_user;
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

std::string what(const Consent& consent) {
  return output::printable(fmt::format("{} ({} for {})", consent.id, consent.place.tool, user_of(consent)));
}

output::Row row_of(const Consent& consent, model::Time now) {
  const bool is_active = consent.status == model::ConsentStatus::active;
  return {.cells = {{consent.id.substr(0, 8)},
                    {std::string{word(consent.status)}, is_active ? Colour::green : Colour::red},
                    {consent.place.tool},
                    {user_of(consent)},
                    {joined(consent.scopes)},
                    {output::relative(consent.created_at, now)},
                    {consent.expires_at ? output::relative(*consent.expires_at, now) : ""}},
          .name = consent.id,
          .json = json_of(consent)};
}

Result<void> print_one(const Consent& consent, std::string_view verb, const Context& context) {
  const output::Card card{
      .text = fmt::format("{} {}\n", verb, what(consent)), .name = consent.id, .json = json_of(consent)};
  return output::print(card, context.output, context.terminal);
}

/// The consents that ids or unambiguous prefixes name.
Result<std::vector<Consent>> find_consents(const std::vector<std::string>& ids, api::ControlPlane& plane) {
  const auto all = plane.list_consents({});
  if (!all) return std::unexpected(all.error());
  std::vector<std::string> known;
  for (const auto& one : *all) known.push_back(one.id);
  std::vector<Consent> found;
  for (const auto& id : ids) {
    const auto index = index_of_id(id, known, "consent");
    if (!index) return std::unexpected(index.error());
    found.push_back(all->at(*index));
  }
  return found;
}

/// The tool that uses exactly these tokens; null: this project has none.
const model::Tool* owner_of(const Consent& consent, const model::Project& project) {
  const auto* tool = project.tool(consent.place.tool);
  if (tool == nullptr || tool->auth.type != model::AuthType::oauth2) return nullptr;
  return auth::token_place(*tool, consent.place.end_user).client == consent.place.client ? tool : nullptr;
}

/// What keeps the provider from knowing; empty: it does. The consent is deleted by now, whatever this comes to.
Result<void> tell_provider(const Consent& consent, const ConsentsRevoke& options, Context& context) {
  const std::string hint = "revoke it in the settings of your account there";
  const auto project = load_project(options.config, context);
  const auto* tool = project ? owner_of(consent, *project) : nullptr;
  if (tool == nullptr || tool->auth.revocation_url.empty()) {
    context.terminal.err << (tool == nullptr ? "the provider was not told: no runagents.toml here has this tool\n"
                                             : "the provider was not told: the tool has no revocation_url\n");
    return {};
  }
  const auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  const auto told = revoke_at_provider(*project, *tool, consent, *directories,
                                       [&] { return server::open_embedded(directories->data); });
  if (told) return {};
  return fail(ErrorCode::unavailable,
              fmt::format("{} is deleted, but the provider could not be told: {}", what(consent), told.error().message),
              hint);
}

Result<const model::Tool*> tool_for(const ConsentsStart& options, const model::Project& project) {
  auto tool = find_tool(project, options.tool);
  if (!tool) return std::unexpected(tool.error());
  const auto& auth = (*tool)->auth;
  if (auth.type != model::AuthType::oauth2 || !auth.may_use(model::OAuthGrant::authorization_code)) {
    return fail(ErrorCode::configuration, fmt::format("the tool \"{}\" asks nobody for a consent", options.tool),
                "a tool that does has auth.type \"oauth2\" with an auth_url");
  }
  if (options.shared == !options.user.empty()) {
    return fail(ErrorCode::usage, "say for whom: --user USER, or --shared for all users");
  }
  return *tool;
}

}  // namespace

Outcome list_consents(const ConsentsList& options, Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto user = options.user.empty() ? std::nullopt : std::optional{options.user};
  const auto consents = (*plane)->list_consents({.tool = options.tool, .end_user = user});
  if (!consents) return std::unexpected(consents.error());
  output::Listing listing{.columns = {{"ID"},
                                      {"STATUS"},
                                      {"TOOL"},
                                      {.title = "USER", .shrinks = true},
                                      {.title = "SCOPES", .shrinks = true},
                                      {"GIVEN"},
                                      {"TOKEN EXPIRES"}},
                          .rows = {},
                          .when_empty = "no consents"};
  for (const auto& one : *consents) listing.rows.push_back(row_of(one, context.now()));
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome start_consent(const ConsentsStart& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const auto tool = tool_for(options, *project);
  if (!tool) return std::unexpected(tool.error());
  const auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  auto& err = context.terminal.err;
  if (options.dry_run) {
    err << fmt::format("nothing is changed (--dry-run); a consent would be asked for at {}\n", (*tool)->auth.auth_url);
    return 0;
  }
  const auto announce = [&](const egress::ConsentAsked& asked) {
    err << "open this address in a browser on this machine:\n  " << output::printable(asked.url) << '\n';
    if (context.terminal.err_is_terminal) {
      err << fmt::format("waiting for the browser to come back, for {} s; Ctrl-C ends\n", options.timeout.count());
    }
    err.flush();
  };
  const auto consent = runagents::start_consent({.project = *project,
                                                 .tool = **tool,
                                                 .user = options.user,
                                                 .directories = *directories,
                                                 .timeout = options.timeout,
                                                 .announce = announce},
                                                [&] { return server::open_embedded(directories->data); });
  if (!consent) return std::unexpected(consent.error());
  const auto printed = print_one(*consent, "stored", context);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome revoke_consents(const ConsentsRevoke& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto consents = find_consents(options.ids, **plane);
  if (!consents) return std::unexpected(consents.error());
  std::optional<Error> failed;
  for (const auto& consent : *consents) {
    if (options.dry_run) {
      say_dry_run(context);
      if (const auto printed = print_one(consent, "would be revoked:", context); !printed) {
        return std::unexpected(printed.error());
      }
      continue;
    }
    const auto confirmed = confirm("revoke " + what(consent) + "?", options.yes, context.terminal);
    if (!confirmed) return std::unexpected(confirmed.error());
    // Here first: whatever the provider says, no call uses it from now on.
    const auto deleted = (*plane)->delete_consent(consent.id);
    if (!deleted) return std::unexpected(deleted.error());
    const auto told = tell_provider(*deleted, options, context);
    if (!told) failed = told.error();
    if (const auto printed = print_one(*deleted, "revoked", context); !printed) return std::unexpected(printed.error());
  }
  if (failed) return std::unexpected(*failed);
  return 0;
}

}  // namespace runagents::cli
