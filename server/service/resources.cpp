#include "server/service/resources.hpp"

#include <optional>

#include <nlohmann/json.hpp>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

struct Row {
  static constexpr const char* select =
      "SELECT id, name, document, version, created_by, created_at, updated_at FROM resources WHERE kind = :kind";

  void bind(store::Statement& query) {
    query.into(resource.id).into(resource.name).into(resource.document).into(version).into(resource.created_by);
    query.into(created_at).into(updated_at);
  }
  [[nodiscard]] Resource value() const {
    Resource complete = resource;
    complete.version = static_cast<std::uint64_t>(version);
    complete.created_at = time_of(created_at);
    complete.updated_at = time_of(updated_at);
    return complete;
  }

  Resource resource;
  long long version = 0;
  long long created_at = 0;
  long long updated_at = 0;
};

std::optional<Resource> find(soci::session& session, std::string_view kind, std::string_view key) {
  for (const char* column : {" AND name = :key", " AND id = :key"}) {
    const std::string kind_word{kind};
    const std::string text{key};
    Row row;
    store::Statement query{session};
    row.bind(query);
    query.use(kind_word, "kind").use(text, "key");
    query.prepare(std::string{Row::select} + column);
    if (query.fetch()) return row.value();
  }
  return std::nullopt;
}

long long raise_version(soci::session& session, std::string_view kind) {
  const std::string kind_word{kind};
  store::Statement raise{session};
  raise.use(kind_word, "kind");
  raise.prepare(
      "INSERT INTO resource_versions (kind, version) VALUES (:kind, 1) "
      "ON CONFLICT (kind) DO UPDATE SET version = resource_versions.version + 1");
  raise.change();
  long long version = 0;
  store::Statement query{session};
  query.into(version).use(kind_word, "kind");
  query.prepare("SELECT version FROM resource_versions WHERE kind = :kind");
  query.fetch();
  return version;
}

Result<Resource> insert(soci::session& session, std::string_view kind, const Actor& actor, const std::string& name,
                        const std::string& document) {
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  const auto now = model::now();
  const long long number = number_of(now);
  const long long version = raise_version(session, kind);
  const std::string kind_word{kind};
  const std::string creator{actor.principal.user_id()};
  store::Statement statement{session};
  statement.use(kind_word, "kind").use(name, "name").use(*id, "id").use(document, "document");
  statement.use(version, "version").use(creator, "creator").use(number, "created").use(number, "updated");
  statement.prepare(
      "INSERT INTO resources (kind, name, id, document, version, created_by, created_at, updated_at) "
      "VALUES (:kind, :name, :id, :document, :version, :creator, :created, :updated)");
  statement.change();
  return Resource{*std::move(id), name, document, static_cast<std::uint64_t>(version), creator, now, now};
}

Resource replace(soci::session& session, std::string_view kind, Resource resource, const std::string& document) {
  resource.document = document;
  resource.updated_at = model::now();
  const long long updated = number_of(resource.updated_at);
  const long long version = raise_version(session, kind);
  resource.version = static_cast<std::uint64_t>(version);
  store::Statement statement{session};
  statement.use(document, "document").use(version, "version").use(updated, "updated").use(resource.id, "id");
  statement.prepare(
      "UPDATE resources SET document = :document, version = :version, updated_at = :updated WHERE id = :id");
  statement.change();
  return resource;
}

Result<void> log(soci::session& session, const Actor& actor, std::string_view kind, const char* what,
                 const Resource& resource) {
  return AuditLog::add(session, actor,
                       {.action = std::string{kind} + what,
                        .object = resource.id,
                        .detail = nlohmann::ordered_json{{"name", resource.name}}.dump()});
}

std::unexpected<Error> missing(const ResourceKind& kind, std::string_view key) {
  return fail(ErrorCode::not_found, "there is no " + std::string{kind.noun} + " \"" + std::string{key} + "\"");
}

}  // namespace

Result<Resources::Put> Resources::put(const Actor& actor, const std::string& name, const std::string& document) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Put> {
    const auto known = find(session, kind_.word, name);
    if (known && known->name == name) {
      if (known->document == document) return Put{*known, Change::none};
      auto changed = replace(session, kind_.word, *known, document);
      if (auto logged = log(session, actor, kind_.word, ".update", changed); !logged) {
        return std::unexpected(std::move(logged.error()));
      }
      return Put{std::move(changed), Change::changed};
    }
    auto inserted = insert(session, kind_.word, actor, name, document);
    if (!inserted) return std::unexpected(std::move(inserted.error()));
    if (auto logged = log(session, actor, kind_.word, ".create", *inserted); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return Put{*std::move(inserted), Change::created};
  });
}

Result<Resource> Resources::get(std::string_view name_or_id) {
  return database_.read([&](soci::session& session) -> Result<Resource> {
    auto found = find(session, kind_.word, name_or_id);
    if (!found) return missing(kind_, name_or_id);
    return *std::move(found);
  });
}

Result<std::vector<Resource>> Resources::list() {
  return database_.read([&](soci::session& session) -> Result<std::vector<Resource>> {
    const std::string kind_word{kind_.word};
    Row row;
    store::Statement query{session};
    row.bind(query);
    query.use(kind_word, "kind");
    query.prepare(std::string{Row::select} + " ORDER BY name");
    std::vector<Resource> resources;
    while (query.fetch()) resources.push_back(row.value());
    return resources;
  });
}

Result<void> Resources::remove(const Actor& actor, std::string_view name_or_id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
    const auto found = find(session, kind_.word, name_or_id);
    if (!found) return missing(kind_, name_or_id);
    raise_version(session, kind_.word);
    store::Statement statement{session};
    statement.use(found->id, "id");
    statement.prepare("DELETE FROM resources WHERE id = :id");
    statement.change();
    return log(session, actor, kind_.word, ".delete", *found);
  });
}

Result<std::uint64_t> Resources::version() {
  return database_.read([&](soci::session& session) -> Result<std::uint64_t> {
    const std::string kind_word{kind_.word};
    long long version = 0;
    store::Statement query{session};
    query.into(version).use(kind_word, "kind");
    query.prepare("SELECT version FROM resource_versions WHERE kind = :kind");
    return query.fetch() ? static_cast<std::uint64_t>(version) : 0;
  });
}

}  // namespace runagents::server
