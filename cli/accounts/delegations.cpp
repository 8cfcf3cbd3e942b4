#include "cli/accounts/delegations.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/print.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

Target delegations_of(const std::string& account) {
  return Target{account_kind().path}.segment(account).segment("delegations");
}

Result<std::vector<Json>> read_delegations(const std::string& account, bool all, api::Client& client) {
  auto target = delegations_of(account);
  if (all) target.parameter("active", "all");
  auto found = client.list(target);
  if (found && !all) {
    std::erase_if(*found, [](const Json& one) { return one.contains("is_active") && !api::is_set(one, "is_active"); });
  }
  return found;
}

Result<std::vector<Json>> delegations_to(const std::string& account, bool all, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto id = id_of(account_kind(), account, *client);
  if (!id) return std::unexpected(id.error());
  return read_delegations(*id, all, *client);
}

bool has_email(const Json& delegation, const std::string& email) {
  return lowered(text_of(delegation, "delegator_email")) == lowered(email);
}

Result<std::string> expiry_of(const DelegationCreate& options, const Context& context) {
  if (options.expires_in.count() > 0) {
    if (!options.expires_at.empty()) return fail(ErrorCode::usage, "--expires and --expires-at are two answers");
    return model::to_iso8601(context.now() + options.expires_in);
  }
  if (!options.expires_at.empty() && !model::from_iso8601(options.expires_at)) {
    return fail(ErrorCode::usage, "--expires-at: \"" + options.expires_at + "\" is no time",
                "write it like 2026-12-31T23:59:59Z");
  }
  return options.expires_at;
}

Result<Json> body_of(const DelegationCreate& options, const Context& context, api::Client& client) {
  Json body = Json::object();
  const auto expires_at = expiry_of(options, context);
  if (!expires_at) return std::unexpected(expires_at.error());
  if (!expires_at->empty()) body["expires_at"] = *expires_at;
  if (!options.user.empty()) body[options.user.contains('@') ? "user_email" : "user_id"] = options.user;
  for (const auto& server : options.servers) {
    auto id = id_of(server_kind(), server, client);
    if (!id) return std::unexpected(std::move(id.error()));
    body["server_ids"].push_back(*id);
  }
  return body;
}

/// RFC 4180.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out{"\""};
  for (const char c : text) (out += c) += c == '"' ? "\"" : "";
  return out + "\"";
}

constexpr const char* csv_head = "delegator_user_id,delegator_email,expires_at,server_ids";

std::string csv_line(const Json& delegation) {
  std::string servers;
  if (const auto ids = delegation.find("server_ids"); ids != delegation.end() && ids->is_array()) {
    for (const auto& id : *ids) servers += (servers.empty() ? "" : " ") + (id.is_string() ? id.get<std::string>() : "");
  }
  return fmt::format("{},{},{},{}", csv_field(text_of(delegation, "delegator_user_id")),
                     csv_field(text_of(delegation, "delegator_email")), csv_field(text_of(delegation, "expires_at")),
                     csv_field(servers));
}

std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

/// A line of an exported file, of either format.
std::optional<Json> read_line(std::string_view line) {
  if (line.starts_with('{')) {
    auto json = Json::parse(line, nullptr, false);
    return json.is_object() ? std::optional{std::move(json)} : std::nullopt;
  }
  const auto fields = csv_fields(line);
  if (fields.size() < 2) return std::nullopt;
  Json json = {{"delegator_user_id", fields[0]}, {"delegator_email", fields[1]}};
  if (fields.size() > 2 && !fields[2].empty()) json["expires_at"] = fields[2];
  if (fields.size() > 3 && !fields[3].empty()) {
    std::istringstream ids{fields[3]};
    for (std::string id; ids >> id;) json["server_ids"].push_back(id);
  }
  return json;
}

Result<std::vector<Json>> read_file(const std::string& name, const Context& context) {
  std::ifstream file;
  if (name != "-") {
    file.open(context.working_directory / name);
    if (!file) return fail(ErrorCode::usage, name + " cannot be read");
  }
  std::istream& in = name == "-" ? context.terminal.in : file;
  std::vector<Json> wanted;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line == csv_head) continue;
    auto one = read_line(line);
    if (!one || (text_of(*one, "delegator_email").empty() && text_of(*one, "delegator_user_id").empty())) {
      return fail(ErrorCode::usage, fmt::format("{}:{}: names no user", name, number),
                  std::string{"a line is a JSON object as exported, or CSV: "} + csv_head);
    }
    wanted.push_back(std::move(*one));
  }
  return wanted;
}

const Json* find_user(const std::vector<Json>& present, const Json& wanted) {
  const auto found = std::ranges::find_if(present, [&](const Json& one) {
    const auto id = text_of(wanted, "delegator_user_id");
    return (!id.empty() && text_of(one, "delegator_user_id") == id) ||
           has_email(one, text_of(wanted, "delegator_email"));
  });
  return found == present.end() ? nullptr : &*found;
}

Json import_body(const Json& wanted) {
  Json body = Json::object();
  const auto email = text_of(wanted, "delegator_email");
  // Another server has other ids; the address is what stays.
  if (email.empty()) {
    body["user_id"] = text_of(wanted, "delegator_user_id");
  } else {
    body["user_email"] = email;
  }
  for (const auto* member : {"expires_at", "server_ids"}) {
    if (wanted.contains(member) && !wanted[member].is_null()) body[member] = wanted[member];
  }
  return body;
}

}  // namespace

Outcome list_delegations(const DelegationsList& options, Context& context) {
  auto delegations = delegations_to(options.account, options.all, context);
  if (!delegations) return std::unexpected(delegations.error());
  if (!options.email.empty()) {
    std::erase_if(*delegations, [&](const Json& one) { return !has_email(one, options.email); });
  }
  return print_objects(delegation_kind(), *delegations, context);
}

Outcome create_delegation(const DelegationCreate& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto account = id_of(account_kind(), options.account, *client);
  if (!account) return std::unexpected(account.error());
  const auto body = body_of(options, context, *client);
  if (!body) return std::unexpected(body.error());
  if (options.dry_run) {
    say_dry_run(context);
    return print_object(delegation_kind(), *body, "would be delegated\n" + members_text(*body), context);
  }
  const auto made = client->post(delegations_of(*account), *body);
  if (!made) return std::unexpected(made.error());
  return print_object(delegation_kind(), *made, "delegated\n" + members_text(*made), context);
}

Outcome find_delegation(const DelegationFind& options, Context& context) {
  const auto delegations = delegations_to(options.account, false, context);
  if (!delegations) return std::unexpected(delegations.error());
  std::vector<std::string> known;
  for (const auto& one : *delegations) {
    known.push_back(text_of(one, "delegator_email"));
    if (!has_email(one, options.email)) continue;
    return print_object(delegation_kind(), one, text_of(one, "delegator_user_id") + "\n", context);
  }
  auto hint = did_you_mean(options.email, known);
  if (hint.empty()) hint = "the user must delegate first: runagents delegations create " + options.account;
  return fail(ErrorCode::not_found, fmt::format("no delegation of {} to {}", options.email, options.account),
              std::move(hint), "no_delegation");
}

Outcome export_delegations(const DelegationsExport& options, Context& context) {
  const auto delegations = delegations_to(options.account, false, context);
  if (!delegations) return std::unexpected(delegations.error());
  auto& out = context.terminal.out;
  if (options.format == "csv") out << csv_head << '\n';
  for (const auto& one : *delegations) out << (options.format == "csv" ? csv_line(one) : api::dump(one)) << '\n';
  return 0;
}

Outcome import_delegations(const DelegationsImport& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto wanted = read_file(options.file, context);
  if (!wanted) return std::unexpected(wanted.error());
  const auto account = id_of(account_kind(), options.account, *client);
  if (!account) return std::unexpected(account.error());
  const auto present = read_delegations(*account, false, *client);
  if (!present) return std::unexpected(present.error());
  if (options.dry_run) say_dry_run(context);
  std::optional<Error> first_error;
  for (const auto& one : *wanted) {
    const auto email = text_of(one, "delegator_email");
    const auto who = output::printable(email.empty() ? text_of(one, "delegator_user_id") : email);
    if (find_user(*present, one) != nullptr) {
      context.terminal.err << fmt::format("{}: there already\n", who);
      continue;
    }
    const auto body = import_body(one);
    const auto made = options.dry_run ? Result<Json>{body} : client->post(delegations_of(*account), body);
    if (!made) {
      context.terminal.err << fmt::format("{}: {}\n", who, output::printable(made.error().message));
      if (!first_error) first_error = made.error();
      continue;
    }
    const auto printed =
        print_object(delegation_kind(), *made,
                     fmt::format("{}: {}\n", who, options.dry_run ? "would be delegated" : "delegated"), context);
    if (!printed) return printed;
  }
  if (first_error) return std::unexpected(*first_error);
  return 0;
}

}  // namespace runagents::cli
