#include "cli/accounts/accounts.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/approvals/approvals.hpp"
#include "cli/confirm.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/text.hpp"
#include "cli/run/agent_identity.hpp"
#include "cli/secrets/secret_once.hpp"
#include "cli/secrets/secret_value.hpp"
#include "core/config/words.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check_store_name(const std::string& name) {
  if (config::is_name("account." + name + ".secret")) return {};
  return fail(ErrorCode::usage, "the store cannot keep an account of this name",
              R"(lower-case letters, digits, "-", "_" and ".", at most 48 of them)");
}

/// Where the secret of a new or rotated account goes.
struct Destination {
  SecretOnce secret;
  bool store = false;

  [[nodiscard]] Result<void> check(const std::string& name, const Context& context) const {
    return store ? check_store_name(name) : secret.check(context);
  }
  [[nodiscard]] Outcome hand_over(Json account, const std::string& headline, Context& context) const {
    if (!store) return secret.hand_over(account_kind(), std::move(account), headline, context);
    const auto name = api::text_of(account, "name");
    const config::Secret value{api::text_of(account, "client_secret")};
    if (const auto kept = remember_account(name, api::text_of(account, "client_id"), value, context); !kept) {
      context.terminal.out << value.reveal() << '\n';
      return fail(kept.error().code, kept.error().message, "the secret stands on standard output; it is shown once");
    }
    account.erase("client_secret");
    return print_object(account_kind(), account, headline + members_text(account), context);
  }
};

std::string printable_name(const Json& account) { return output::printable(name_of(account_kind(), account)); }

}  // namespace

Outcome create_account(const AccountCreate& options, Context& context) {
  const Destination secret{SecretOnce{"client_secret", options.secret_file}, options.store};
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  Json body = {{"name", options.name}};
  if (!options.description.empty()) body["description"] = options.description;
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(account_kind(), body, "would be created\n" + members_text(body), context);
  }
  if (const auto ready = secret.check(options.name, context); !ready) return std::unexpected(ready.error());
  auto account = client->post(api::Target{account_kind().path}, body);
  if (!account) return std::unexpected(account.error());
  return secret.hand_over(std::move(*account), "created\n", context);
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
  const Destination secret{SecretOnce{"client_secret", options.secret_file}, options.store};
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto account = find_object(account_kind(), options.name, *client);
  if (!account) return std::unexpected(account.error());
  const auto name = printable_name(*account);
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(account_kind(), *account, fmt::format("would get another secret: {}\n", name), context);
  }
  const auto stored_name = api::text_of(*account, "name");
  if (const auto ready = secret.check(stored_name, context); !ready) return std::unexpected(ready.error());
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
  return secret.hand_over(std::move(*rotated), fmt::format("rotated the secret of {}\n", name), context);
}

Outcome remember_account(const AccountRemember& options, Context& context) {
  if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  if (const auto fit = check_store_name(options.name); !fit) return std::unexpected(fit.error());
  if (options.client_id.empty()) return fail(ErrorCode::usage, "say which client: --client-id ID");
  const auto secret = secret_value(options.client_secret, context);
  if (!secret) return std::unexpected(secret.error());
  if (options.dry_run) {
    say_dry_run(context);
    return 0;
  }
  if (const auto kept = remember_account(options.name, options.client_id, *secret, context); !kept) {
    return std::unexpected(kept.error());
  }
  context.terminal.err << fmt::format("stored; use it with --account {}\n", options.name);
  return 0;
}

}  // namespace runagents::cli
