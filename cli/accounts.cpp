#include "cli/accounts.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/confirm.hpp"
#include "cli/kinds.hpp"
#include "cli/output/text.hpp"
#include "cli/secret_once.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string printable_name(const Json& account) { return output::printable(name_of(account_kind(), account)); }

}  // namespace

Outcome create_account(const AccountCreate& options, Context& context) {
  const SecretOnce secret{"client_secret", options.secret_file};
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  Json body = {{"name", options.name}};
  if (!options.description.empty()) body["description"] = options.description;
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(account_kind(), body, "would be created\n" + members_text(body), context);
  }
  if (const auto ready = secret.check(context); !ready) return std::unexpected(ready.error());
  auto account = client->post(api::Target{account_kind().path}, body);
  if (!account) return std::unexpected(account.error());
  return secret.hand_over(account_kind(), std::move(*account), "created\n", context);
}

Outcome update_account(const AccountUpdate& options, Context& context) {
  Json body = Json::object();
  if (!options.new_name.empty()) body["name"] = options.new_name;
  if (!options.description.empty()) body["description"] = options.description;
  if (body.empty()) return fail(ErrorCode::usage, "nothing to change", "give --name or --description");
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  auto account = find_object(account_kind(), options.name, *client);
  if (!account) return std::unexpected(account.error());
  if (options.dry_run) {
    say_dry_run(context);
    account->update(body);
    return print_object(account_kind(), *account, fmt::format("would be changed: {}\n", printable_name(*account)),
                        context);
  }
  const auto target = api::Target{account_kind().path}.segment(api::text_of(*account, "id"));
  const auto changed = client->patch(target, body);
  if (!changed) return std::unexpected(changed.error());
  return print_object(account_kind(), *changed, fmt::format("changed {}\n", printable_name(*changed)), context);
}

Outcome rotate_account_secret(const AccountRotate& options, Context& context) {
  const SecretOnce secret{"client_secret", options.secret_file};
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto account = find_object(account_kind(), options.name, *client);
  if (!account) return std::unexpected(account.error());
  const auto name = printable_name(*account);
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(account_kind(), *account, fmt::format("would get another secret: {}\n", name), context);
  }
  if (const auto ready = secret.check(context); !ready) return std::unexpected(ready.error());
  if (options.grace.count() == 0) {
    const auto leave = confirm(fmt::format("rotate the secret of {}? the present one stops working at once", name),
                               options.yes, context.terminal);
    if (!leave) return std::unexpected(leave.error());
  }
  Json body = Json::object();
  if (options.grace.count() > 0) body["grace_seconds"] = options.grace.count();
  auto target = api::Target{account_kind().path}.segment(api::text_of(*account, "id")).segment("rotate-secret");
  auto rotated = client->post(target, body);
  if (!rotated) return std::unexpected(rotated.error());
  return secret.hand_over(account_kind(), std::move(*rotated), fmt::format("rotated the secret of {}\n", name),
                          context);
}

}  // namespace runagents::cli
