#include "server/service/consents.hpp"

#include <utility>

#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using model::Consent;

constexpr std::chrono::milliseconds max_lease = std::chrono::minutes{5};

/// The members as columns, bound to a statement.
struct ConsentRow {
  static constexpr std::string_view columns =
      "id, end_user, tool, client, client_id, scopes, requested_scopes, status, sealed, version, created_at, "
      "updated_at, expires_at, lease_holder, lease_until";

  void bind(store::Statement& query) {
    query.into(value.id).into(value.place.end_user).into(value.place.tool).into(value.place.client);
    query.into(value.client_id).into(scopes).into(requested_scopes).into(status).into(value.sealed).into(version);
    query.into(created_at).into(updated_at).into(expires_at, has_expires_at).into(lease_holder).into(lease_until);
  }

  [[nodiscard]] Consent consent() const {
    Consent consent = value;
    consent.scopes = texts_of(scopes);
    consent.requested_scopes = texts_of(requested_scopes);
    // A word that this version does not know must not look like something that can be used.
    consent.status = model::consent_status_of(status).value_or(model::ConsentStatus::lost);
    consent.version = static_cast<std::uint64_t>(version);
    consent.created_at = time_of(created_at);
    consent.updated_at = time_of(updated_at);
    if (has_expires_at == soci::i_ok) consent.expires_at = time_of(expires_at);
    return consent;
  }

  Consent value;
  std::string scopes, requested_scopes, status, lease_holder;
  long long version = 0, created_at = 0, updated_at = 0, expires_at = 0, lease_until = 0;
  soci::indicator has_expires_at = soci::i_null;
};

std::string select(std::string_view rest) {
  return "SELECT " + std::string{ConsentRow::columns} + " FROM consents " + std::string{rest};
}

std::optional<Consent> find_place(soci::session& session, const model::ConsentPlace& place) {
  ConsentRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(place.end_user, "end_user").use(place.tool, "tool").use(place.client, "client");
  query.prepare(select("WHERE end_user = :end_user AND tool = :tool AND client = :client"));
  return query.fetch() ? std::optional{row.consent()} : std::nullopt;
}

Result<ConsentRow> load(soci::session& session, std::string_view id) {
  const auto full = resolve_id(session, consents_kind, id);
  if (!full) return std::unexpected(full.error());
  ConsentRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(*full, "id");
  query.prepare(select("WHERE id = :id"));
  if (!query.fetch()) return fail(ErrorCode::not_found, "there is no consent \"" + *full + "\"");
  return row;
}

void write(soci::session& session, const Consent& consent, const std::string& sql) {
  const std::string scopes = text_of(consent.scopes);
  const std::string requested = text_of(consent.requested_scopes);
  const std::string status{word(consent.status)};
  const auto version = static_cast<long long>(consent.version);
  const long long created_at = number_of(consent.created_at);
  const long long updated_at = number_of(consent.updated_at);
  const long long expires_at = consent.expires_at ? number_of(*consent.expires_at) : 0;
  soci::indicator has_expires_at = consent.expires_at ? soci::i_ok : soci::i_null;
  const auto& place = consent.place;
  store::Statement change{session};
  change.use(consent.id, "id").use(place.end_user, "end_user").use(place.tool, "tool").use(place.client, "client");
  change.use(consent.client_id, "client_id").use(scopes, "scopes").use(requested, "requested");
  change.use(status, "status").use(consent.sealed, "sealed").use(version, "version");
  change.use(created_at, "created_at").use(updated_at, "updated_at");
  change.use(expires_at, has_expires_at, "expires_at");
  change.prepare(sql);
  change.change();
}

// What is stored anew ends the lease under which it was obtained.
constexpr const char* insert_or_update =
    "INSERT INTO consents (id, end_user, tool, client, client_id, scopes, requested_scopes, status, sealed, version, "
    "created_at, updated_at, expires_at) VALUES (:id, :end_user, :tool, :client, :client_id, :scopes, :requested, "
    ":status, :sealed, :version, :created_at, :updated_at, :expires_at) ON CONFLICT (id) DO UPDATE SET "
    "client_id = excluded.client_id, scopes = excluded.scopes, requested_scopes = excluded.requested_scopes, "
    "status = excluded.status, sealed = excluded.sealed, version = excluded.version, "
    "updated_at = excluded.updated_at, expires_at = excluded.expires_at, lease_holder = '', lease_until = 0";

void set_lease(soci::session& session, const std::string& id, const std::string& holder, long long until) {
  store::Statement update{session};
  update.use(holder, "holder").use(until, "until").use(id, "id");
  update.prepare("UPDATE consents SET lease_holder = :holder, lease_until = :until WHERE id = :id");
  update.change();
}

}  // namespace

Result<std::vector<Consent>> Consents::list(const api::ConsentFilter& filter) {
  return database_.read([&](soci::session& session) -> Result<std::vector<Consent>> {
    ConsentRow row;
    store::Statement query{session};
    row.bind(query);
    const std::string end_user = filter.end_user.value_or("");
    std::string where = "WHERE 1 = 1";
    if (!filter.tool.empty()) {
      query.use(filter.tool, "tool");
      where += " AND tool = :tool";
    }
    if (filter.end_user) {
      query.use(end_user, "end_user");
      where += " AND end_user = :end_user";
    }
    query.prepare(select(where + " ORDER BY created_at DESC, id"));
    std::vector<Consent> consents;
    while (query.fetch()) {
      consents.push_back(row.consent());
      consents.back().sealed.clear();
    }
    return consents;
  });
}

Result<std::optional<Consent>> Consents::find(const model::ConsentPlace& place) {
  return database_.read(
      [&](soci::session& session) -> Result<std::optional<Consent>> { return find_place(session, place); });
}

Result<Consent> Consents::put(Consent consent) {
  if (consent.place.tool.empty() || consent.place.client.empty()) {
    return fail(ErrorCode::usage, "a consent needs a tool and a client");
  }
  if (consent.sealed.empty()) return fail(ErrorCode::usage, "a consent needs its sealed tokens");
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Consent> {
    const auto known = find_place(session, consent.place);
    // One that was deleted and given again begins to count anew.
    const bool is_another = known && !consent.id.empty() && known->id != consent.id;
    if ((known ? known->version : 0) != consent.version || is_another) {
      return fail(ErrorCode::conflict,
                  "somebody else has changed the consent for the tool \"" + consent.place.tool + "\" in the meantime");
    }
    if (known) {
      consent.id = known->id;
      consent.created_at = known->created_at;
    } else {
      auto id = new_uuid();
      if (!id) return std::unexpected(id.error());
      consent.id = std::move(*id);
      consent.created_at = model::now();
    }
    consent.updated_at = model::now();
    ++consent.version;
    write(session, consent, insert_or_update);
    return consent;
  });
}

Result<Consent> Consents::lease(std::string_view id, const std::string& holder, std::chrono::milliseconds length) {
  if (holder.empty() || length <= std::chrono::milliseconds{0} || length > max_lease) {
    return fail(ErrorCode::usage, "a lease needs a holder and a length of at most five minutes");
  }
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<Consent> {
    const auto row = load(session, id);
    if (!row) return std::unexpected(row.error());
    const auto now = model::now();
    if (row->lease_until > number_of(now) && row->lease_holder != holder) {
      return fail(ErrorCode::conflict, "another process is renewing the token of this consent");
    }
    set_lease(session, row->value.id, holder, number_of(now + length));
    return row->consent();
  });
}

Result<void> Consents::release(std::string_view id, const std::string& holder) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    const auto row = load(session, id);
    if (!row) return std::unexpected(row.error());
    if (row->lease_holder == holder) set_lease(session, row->value.id, {}, 0);
    return {};
  });
}

Result<Consent> Consents::remove(std::string_view id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Consent> {
    const auto row = load(session, id);
    if (!row) return std::unexpected(row.error());
    store::Statement change{session};
    change.use(row->value.id, "id");
    change.prepare("DELETE FROM consents WHERE id = :id");
    change.change();
    return row->consent();
  });
}

}  // namespace runagents::server
