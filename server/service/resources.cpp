#include "server/service/resources.hpp"

#include <optional>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

struct Row {
  static constexpr const char* select =
      "SELECT id, name, document, version, created_by, created_at, updated_at FROM resources WHERE kind = :kind ";

  void bind(store::Statement& query) {
    query.into(value.id).into(value.name).into(value.document).into(version).into(value.created_by);
    query.into(created_at).into(updated_at);
  }
  [[nodiscard]] Resource resource() const {
    Resource resource = value;
    resource.version = static_cast<std::uint64_t>(version);
    resource.created_at = time_of(created_at);
    resource.updated_at = time_of(updated_at);
    return resource;
  }

  Resource value;
  long long version = 0;
  long long created_at = 0;
  long long updated_at = 0;
};

std::optional<Resource> find(soci::session& session, const std::string& kind, const std::string& name) {
  Row row;
  store::Statement query{session};
  row.bind(query);
  query.use(kind, "kind").use(name, "name");
  // A name that is another one's id does not hide it.
  query.prepare(std::string{Row::select} +
                "AND (name = :name OR id = :name) ORDER BY CASE WHEN name = :name THEN 0 ELSE 1 END");
  return query.fetch() ? std::optional{row.resource()} : std::nullopt;
}

void count_change(soci::session& session, const std::string& kind) {
  store::Statement change{session};
  change.use(kind, "kind");
  change.prepare(
      "INSERT INTO resource_versions (kind, version) VALUES (:kind, 1) "
      "ON CONFLICT (kind) DO UPDATE SET version = resource_versions.version + 1");
  change.change();
}

void write(soci::session& session, const std::string& kind, const Resource& resource) {
  const auto version = static_cast<long long>(resource.version);
  const long long created_at = number_of(resource.created_at);
  const long long updated_at = number_of(resource.updated_at);
  store::Statement change{session};
  change.use(kind, "kind").use(resource.name, "name").use(resource.id, "id").use(resource.document, "document");
  change.use(version, "version").use(resource.created_by, "created_by");
  change.use(created_at, "created_at").use(updated_at, "updated_at");
  change.prepare(
      "INSERT INTO resources (kind, name, id, document, version, created_by, created_at, updated_at) "
      "VALUES (:kind, :name, :id, :document, :version, :created_by, :created_at, :updated_at) "
      "ON CONFLICT (kind, name) DO UPDATE SET document = excluded.document, version = excluded.version, "
      "updated_at = excluded.updated_at");
  change.change();
}

Result<void> note(soci::session& session, const Actor& actor, const std::string& kind, std::string_view verb,
                  const std::string& id) {
  model::AuditEntry entry;
  entry.action = kind + '.' + std::string{verb};
  entry.object = id;
  entry.outcome = "ok";
  return AuditLog::add(session, actor, std::move(entry));
}

std::unexpected<Error> missing(std::string_view kind, std::string_view name) {
  std::string noun{kind};
  for (char& c : noun) c = c == '_' ? ' ' : c;
  return no_such(noun, name);
}

}  // namespace

Result<Resources::Put> Resources::put(const Actor& actor, std::string_view kind, std::string_view name,
                                      const std::string& document) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Put> {
    const std::string of_kind{kind};
    const std::string named{name};
    const auto known = find(session, of_kind, named);
    Put put{.resource = known.value_or(Resource{}), .is_new = !known};
    const auto now = model::now();
    if (put.is_new) {
      auto id = new_uuid();
      if (!id) return std::unexpected(std::move(id.error()));
      put.resource.id = std::move(*id);
      put.resource.name = named;
      put.resource.version = 0;
      put.resource.created_by = actor.principal.user_id();
      put.resource.created_at = now;
    }
    put.resource.document = document;
    put.resource.updated_at = now;
    ++put.resource.version;
    write(session, of_kind, put.resource);
    count_change(session, of_kind);
    auto noted = note(session, actor, of_kind, put.is_new ? "create" : "update", put.resource.id);
    if (!noted) return std::unexpected(std::move(noted.error()));
    return put;
  });
}

Result<Resource> Resources::get(std::string_view kind, std::string_view name) {
  return database_.read([&](soci::session& session) -> Result<Resource> {
    auto found = find(session, std::string{kind}, std::string{name});
    if (!found) return missing(kind, name);
    return *std::move(found);
  });
}

Result<std::vector<Resource>> Resources::list(std::string_view kind) {
  return database_.read([&](soci::session& session) -> Result<std::vector<Resource>> {
    const std::string of_kind{kind};
    Row row;
    store::Statement query{session};
    row.bind(query);
    query.use(of_kind, "kind");
    query.prepare(std::string{Row::select} + "ORDER BY name");
    std::vector<Resource> found;
    while (query.fetch()) found.push_back(row.resource());
    return found;
  });
}

Result<Resource> Resources::remove(const Actor& actor, std::string_view kind, std::string_view name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Resource> {
    const std::string of_kind{kind};
    auto found = find(session, of_kind, std::string{name});
    if (!found) return missing(kind, name);
    store::Statement change{session};
    change.use(of_kind, "kind").use(found->name, "name");
    change.prepare("DELETE FROM resources WHERE kind = :kind AND name = :name");
    change.change();
    count_change(session, of_kind);
    if (auto noted = note(session, actor, of_kind, "delete", found->id); !noted) {
      return std::unexpected(std::move(noted.error()));
    }
    return *std::move(found);
  });
}

Result<std::uint64_t> Resources::version(std::string_view kind) {
  return database_.read([&](soci::session& session) -> Result<std::uint64_t> {
    const std::string of_kind{kind};
    long long version = 0;
    store::Statement query{session};
    query.into(version).use(of_kind, "kind");
    query.prepare("SELECT version FROM resource_versions WHERE kind = :kind");
    return query.fetch() ? static_cast<std::uint64_t>(version) : 0U;
  });
}

}  // namespace runagents::server
