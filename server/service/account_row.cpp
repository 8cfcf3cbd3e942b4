#include "server/service/account_row.hpp"

#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

std::optional<model::AgentAccount> find(soci::session& session, const std::string& column, const std::string& value) {
  AccountRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(value, "value");
  query.prepare(std::string{AccountRow::select} + " WHERE a." + column + " = :value");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

}  // namespace

void AccountRow::bind(store::Statement& query) {
  query.into(account.id).into(created_at).into(account.name).into(account.description).into(account.client_id);
  query.into(is_active).into(account.owner_user_id).into(updated_at);
  secret_rotated_at.into(query);
  last_used_at.into(query);
}

model::AgentAccount AccountRow::value() const {
  model::AgentAccount complete = account;
  complete.is_active = is_active != 0;
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  complete.secret_rotated_at = secret_rotated_at.time();
  complete.last_used_at = last_used_at.time();
  return complete;
}

std::optional<model::AgentAccount> find_account_of_client(soci::session& session, const std::string& client_id) {
  return find(session, "client_id", client_id);
}

Result<model::AgentAccount> load_account(soci::session& session, std::string_view id_or_name) {
  const auto text = reference(id_or_name);
  auto account = find(session, is_uuid(text) ? "id" : "name", text);
  if (!account && !is_uuid(text)) account = find_account_of_client(session, text);
  if (!account) return no_such("agent account", id_or_name);
  return *std::move(account);
}

bool may_change(const Principal& principal, const model::AgentAccount& account) {
  if (principal.may(Role::admin)) return true;
  return principal.may(Role::developer) && !principal.user_id().empty() && principal.user_id() == account.owner_user_id;
}

}  // namespace runagents::server
