#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include "cli/approvals/approvals.hpp"
#include "cli/confirm.hpp"
#include "cli/nearest.hpp"
#include "cli/objects/object_kind.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalGrant;
using output::Colour;

std::string state_of(const ApprovalGrant& grant, model::Time now) {
  if (grant.revoked_at) return "revoked";
  if (grant.consumed_at) return "used";
  return grant.expires_at && *grant.expires_at <= now ? "expired" : "in force";
}

std::string covers(const ApprovalGrant& grant) {
  const auto& action = grant.action;
  if (grant.scope == model::Scope::once) return action.method + " " + action.url;
  if (grant.scope == model::Scope::window) return action.tool + ": any operation";
  return action.tool + ": " + (action.capability.empty() ? "any operation" : action.capability);
}

output::Row row_of(const ApprovalGrant& grant, model::Time now) {
  const auto state = state_of(grant, now);
  return {.cells = {{grant.id.substr(0, 8)},
                    {state, state == "in force" ? Colour::green : Colour::dim},
                    {std::string{word(grant.scope)}},
                    {grant.action.agent},
                    {covers(grant)},
                    {grant.action.end_user},
                    {grant.approver},
                    {grant.expires_at ? output::relative(*grant.expires_at, now) : ""}},
          .name = grant.id,
          .json = json_of(grant)};
}

/// The grants that ids or unambiguous prefixes name.
Result<std::vector<ApprovalGrant>> find_grants(const std::vector<std::string>& ids, api::ControlPlane& plane) {
  const auto all = plane.list_grants(true);
  if (!all) return std::unexpected(all.error());
  std::vector<std::string> known;
  for (const auto& one : *all) known.push_back(one.id);
  std::vector<ApprovalGrant> found;
  for (const auto& id : ids) {
    const auto index = index_of_id(id, known, "grant");
    if (!index) return std::unexpected(index.error());
    found.push_back(all->at(*index));
  }
  return found;
}

}  // namespace

Outcome list_grants(const GrantsList& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto grants = (*plane)->list_grants(options.all);
  if (!grants) return std::unexpected(grants.error());
  output::Listing listing{.columns = {{"ID"},
                                      {"STATE"},
                                      {"SCOPE"},
                                      {"AGENT"},
                                      {.title = "COVERS", .shrinks = true},
                                      {.title = "USER", .shrinks = true},
                                      {"APPROVER"},
                                      {"EXPIRES"}},
                          .rows = {},
                          .when_empty = options.all ? "no grants" : "no grants in force (--all shows spent ones)"};
  for (const auto& grant : *grants) listing.rows.push_back(row_of(grant, context.now()));
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome revoke_grants(const GrantsRevoke& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto grants = find_grants(options.ids, **plane);
  if (!grants) return std::unexpected(grants.error());
  for (const auto& grant : *grants) {
    const auto what = fmt::format("{} ({}: {})", grant.id, word(grant.scope), output::printable(covers(grant)));
    if (options.dry_run) say_dry_run(context);
    if (!options.dry_run) {
      const auto confirmed = confirm("revoke " + what + "?", options.yes, context.terminal);
      if (!confirmed) return std::unexpected(confirmed.error());
    }
    const auto changed = options.dry_run ? Result<ApprovalGrant>{grant} : (*plane)->revoke_grant(grant.id);
    if (!changed) return std::unexpected(changed.error());
    const auto verb = options.dry_run ? "would be revoked " : "revoked ";
    const output::Card card{.text = verb + what + "\n", .name = grant.id, .json = json_of(*changed)};
    const auto printed = output::print(card, context.output, context.terminal);
    if (!printed) return std::unexpected(printed.error());
  }
  return 0;
}

}  // namespace runagents::cli
