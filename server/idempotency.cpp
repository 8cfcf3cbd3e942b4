#include "server/idempotency.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/hash.hpp"
#include "core/config/secret.hpp"
#include "core/store/statement.hpp"
#include "server/routes/router.hpp"
#include "server/service/column.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view key_field = "idempotency-key";
constexpr std::size_t max_key_bytes = 255;
constexpr std::chrono::hours kept_for{24};

struct Row {
  std::string request;  ///< sealed digest of the body
  std::string answer;   ///< sealed; empty: under way
  long long status = 0;
  long long created_at = 0;
};

/// What has to be known to do the work, or the answer that takes its place.
using Reserved = std::optional<api::Response>;

bool is_plain(std::string_view key) {
  return !key.empty() && key.size() <= max_key_bytes &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

/// Parts that follow each other have one reading: each says how long it is.
std::string digest_of(const Principal& principal, const api::Request& request, std::string_view key) {
  const auto account = principal.account ? std::string_view{principal.account->id} : std::string_view{};
  const auto kind = std::to_string(static_cast<int>(principal.kind));
  std::string text;
  for (const std::string_view part : {std::string_view{kind}, principal.user_id(), account,
                                      std::string_view{request.method}, std::string_view{request.target}, key}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return auth::hex(auth::sha256(text));
}

std::string place_of_answer(std::string_view digest) { return "idempotent_answers/" + std::string{digest}; }
std::string place_of_request(std::string_view digest) { return place_of_answer(digest) + "/request"; }

std::optional<Row> find(soci::session& session, const std::string& digest) {
  Row row;
  store::Statement query{session};
  query.into(row.request).into(row.answer).into(row.status).into(row.created_at).use(digest, "digest");
  query.prepare("SELECT request_digest, sealed, status, created_at FROM idempotent_answers WHERE digest = :digest");
  if (!query.fetch()) return std::nullopt;
  return row;
}

void remove(soci::session& session, const std::string& digest) {
  store::Statement change{session};
  change.use(digest, "digest");
  change.prepare("DELETE FROM idempotent_answers WHERE digest = :digest");
  change.change();
}

void forget_old(soci::session& session, long long until) {
  store::Statement change{session};
  change.use(until, "until");
  change.prepare(
      "DELETE FROM idempotent_answers WHERE digest IN "
      "(SELECT digest FROM idempotent_answers WHERE created_at <= :until ORDER BY created_at LIMIT 100)");
  change.change();
}

void insert(soci::session& session, const std::string& digest, const std::string& sealed_request, long long now) {
  store::Statement change{session};
  change.use(digest, "digest").use(sealed_request, "request").use(now, "now");
  change.prepare(
      "INSERT INTO idempotent_answers (digest, request_digest, status, sealed, created_at) "
      "VALUES (:digest, :request, 0, '', :now)");
  change.change();
}

std::string text_of(const api::Response& response) {
  Json fields = Json::array();
  for (const auto& [name, value] : response.fields) fields.push_back({name, value});
  // A body that is no UTF-8 must come out as it went in.
  Json bytes = Json::binary({response.body.begin(), response.body.end()});
  std::string text;
  Json::to_cbor(Json{{"body", std::move(bytes)}, {"fields", std::move(fields)}}, text);
  return text;
}

api::Response response_of(long long status, const std::string& text) {
  const auto json = Json::from_cbor(text);
  const auto& body = json.at("body").get_binary();
  api::Response response{static_cast<int>(status), {body.begin(), body.end()}};
  for (const auto& field : json.at("fields")) {
    response.fields.emplace_back(field.at(0).get<std::string>(), field.at(1).get<std::string>());
  }
  response.fields.emplace_back("idempotency-replayed", "true");
  return response;
}

Error not_known() {
  return {ErrorCode::conflict, "a request with this Idempotency-Key is under way, or nobody knows how it ended",
          "ask again in a moment; if it stays so, look whether it was done, and if not use another key",
          "idempotency_key_in_use"};
}

Error another_request() {
  return {ErrorCode::usage, "this Idempotency-Key was used for another request", "use a new key for each request",
          "idempotency_key_reused"};
}

/// What a row that is there already means for the request.
Result<api::Response> replay(const auth::Sealer& sealer, const std::string& digest, const Row& row,
                             const std::string& request) {
  const auto first = sealer.open(row.request, place_of_request(digest));
  if (!first) return std::unexpected(first.error());
  if (*first != request) return std::unexpected(another_request());
  if (row.status == 0) return std::unexpected(not_known());
  auto text = sealer.open(row.answer, place_of_answer(digest));
  if (!text) return std::unexpected(std::move(text.error()));
  auto response = response_of(row.status, *text);
  config::wipe(*text);
  return response;
}

Result<Reserved> reserve(store::Database& database, const auth::Sealer& sealer, const std::string& digest,
                         const std::string& request) {
  return database.write(store::Durability::full, [&](soci::session& session) -> Result<Reserved> {
    const auto now = model::now();
    forget_old(session, number_of(now - kept_for));
    const auto row = find(session, digest);
    if (row && row->created_at > number_of(now - kept_for)) {
      auto replayed = replay(sealer, digest, *row, request);
      if (!replayed) return std::unexpected(std::move(replayed.error()));
      return Reserved{std::move(*replayed)};
    }
    if (row) remove(session, digest);
    insert(session, digest, sealer.seal(request, place_of_request(digest)), number_of(now));
    return std::nullopt;
  });
}

/// Whether the answer says that nothing was done. One that cannot tell, because the database went away while it was
/// writing, does not.
bool is_undone(const api::Response& response) {
  if (response.status < 500) return false;
  const auto body = Json::parse(response.body, nullptr, false);
  return !body.is_object() || body.value("code", "") != "outcome_unknown";
}

/// A failure here leaves the key as one of unknown outcome, which is the safe side; so nobody waits for the disk.
void keep(store::Database& database, const auth::Sealer& sealer, const std::string& digest,
          const api::Response& response) {
  if (response.status >= 500 && !is_undone(response)) return;
  const auto kept = database.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    if (response.status >= 500) {
      remove(session, digest);
      return {};
    }
    auto text = text_of(response);
    const auto sealed = sealer.seal(text, place_of_answer(digest));
    config::wipe(text);
    const long long status = response.status;
    store::Statement change{session};
    change.use(sealed, "sealed").use(status, "status").use(digest, "digest");
    change.prepare("UPDATE idempotent_answers SET sealed = :sealed, status = :status WHERE digest = :digest");
    change.change();
    return {};
  });
  static_cast<void>(kept);
}

}  // namespace

api::Response Idempotency::answer(const Principal& principal, const api::Request& request,
                                  const std::function<api::Response()>& work) {
  const auto count = std::ranges::count(request.fields, key_field, &std::pair<std::string, std::string>::first);
  if (request.method != "POST" || count == 0) return work();
  const auto request_id = api::field(request.fields, "x-request-id");
  const auto key = api::field(request.fields, key_field);
  if (count > 1 || !is_plain(key)) {
    return error_response(
        {ErrorCode::usage, "an Idempotency-Key has 1 to 255 visible ASCII characters, and comes once"}, request_id);
  }
  const auto sealer = store_key_.sealer();
  if (!sealer) return error_response(sealer.error(), request_id);
  const auto digest = digest_of(principal, request, key);
  auto reserved = reserve(database_, **sealer, digest, auth::hex(auth::sha256(request.body)));
  if (!reserved) return error_response(reserved.error(), request_id);
  if (*reserved) return std::move(**reserved);
  auto response = work();
  keep(database_, **sealer, digest, response);
  return response;
}

}  // namespace runagents::server
