#include "server/service/approval_notices.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/approval_json.hpp"
#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/connector_row.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds first_pause = seconds{1};
constexpr milliseconds longest_pause = std::chrono::hours{4};
constexpr seconds margin{5};
constexpr std::size_t max_problem = 300;

std::string body_of(const model::ApprovalRequest& request, const std::string& issuer) {
  auto data = api::to_json(request);
  data["decision_url"] = issuer + "/approvals/" + request.id;
  const nlohmann::ordered_json message = {
      {"type", "approval.requested"}, {"timestamp", model::to_iso8601(request.created_at)}, {"data", std::move(data)}};
  return message.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<std::string> enabled_connectors(soci::session& session) {
  std::string id;
  store::Statement query{session};
  query.into(id);
  query.prepare("SELECT id FROM approval_connectors WHERE enabled = 1 ORDER BY created_at, id");
  std::vector<std::string> ids;
  while (query.fetch()) ids.push_back(id);
  return ids;
}

void insert(soci::session& session, const std::string& id, const std::string& connector, const std::string& approval,
            const std::string& body) {
  const long long now = number_of(model::now());
  const std::string none;
  store::Statement statement{session};
  statement.use(id, "id").use(connector, "connector").use(approval, "approval").use(body, "body").use(now, "now");
  statement.use(none, "none");
  statement.prepare(
      "INSERT INTO webhook_deliveries (id, url, body, attempts, next_at, last_error, created_at, connector_id, "
      "approval_id) VALUES (:id, :none, :body, 0, :now, :none, :now, :connector, :approval)");
  statement.change();
}

struct Due {
  std::string id, body, connector, approval, approval_status;
  long long attempts = 0;
};

std::optional<Due> find_due(soci::session& session, long long now) {
  Due due;
  store::Statement query{session};
  query.into(due.id).into(due.body).into(due.connector).into(due.approval).into(due.attempts);
  query.into(due.approval_status).use(now, "now");
  query.prepare(
      "SELECT d.id, d.body, d.connector_id, d.approval_id, d.attempts, coalesce(r.status, '') "
      "FROM webhook_deliveries d LEFT JOIN approval_requests r ON r.id = d.approval_id "
      "WHERE d.next_at IS NOT NULL AND d.next_at <= :now ORDER BY d.next_at, d.id LIMIT 1");
  return query.fetch() ? std::optional{due} : std::nullopt;
}

void hold(soci::session& session, const Due& due, model::Time until) {
  const long long next_at = number_of(until);
  store::Statement update{session};
  update.use(next_at, "next_at").use(due.id, "id");
  update.prepare("UPDATE webhook_deliveries SET attempts = attempts + 1, next_at = :next_at WHERE id = :id");
  update.change();
}

void give_up(soci::session& session, const std::string& id, const std::string& why) {
  store::Statement update{session};
  update.use(why, "why").use(id, "id");
  update.prepare("UPDATE webhook_deliveries SET next_at = NULL, last_error = :why WHERE id = :id");
  update.change();
}

}  // namespace

Result<void> ApprovalNotices::announce(soci::session& session, const model::ApprovalRequest& request) {
  const auto connectors = enabled_connectors(session);
  if (connectors.empty()) return {};
  const auto body = body_of(request, issuer_);
  for (const auto& connector : connectors) {
    const auto id = new_uuid();
    if (!id) return std::unexpected(id.error());
    insert(session, *id, connector, request.id, body);
  }
  return {};
}

Result<std::optional<DueNotice>> ApprovalNotices::take() {
  using Taken = Result<std::optional<DueNotice>>;
  const auto is_due = database_.read(
      [&](soci::session& session) -> Result<bool> { return find_due(session, number_of(model::now())).has_value(); });
  if (!is_due) return std::unexpected(is_due.error());
  if (!*is_due) return std::optional<DueNotice>{};
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Taken {
    const auto now = model::now();
    while (const auto due = find_due(session, number_of(now))) {
      auto connector = load_connector(session, due->connector);
      if (!connector || !connector->enabled) {
        give_up(session, due->id, "the connector is disabled");
      } else if (due->approval_status != word(model::ApprovalStatus::pending)) {
        give_up(session, due->id, "the request is not pending any more");
      } else {
        hold(session, *due, now + connector->timeout + margin);
        return DueNotice{due->id, due->body, due->attempts + 1, std::move(*connector)};
      }
    }
    return std::optional<DueNotice>{};
  });
}

milliseconds ApprovalNotices::pause_after(std::int64_t attempts) noexcept {
  auto pause = first_pause;
  for (std::int64_t i = 1; i < attempts && pause < longest_pause; ++i) pause *= 3;
  return std::min(pause, longest_pause);
}

Result<void> ApprovalNotices::finish(const DueNotice& notice, const AttemptOutcome& outcome) {
  const bool is_delivered = outcome.problem.empty();
  const bool goes_on = !is_delivered && !outcome.is_final && notice.attempts < max_attempts;
  const auto now = model::now();
  NullableTime next_at{goes_on ? std::optional{now + pause_after(notice.attempts)} : std::nullopt};
  NullableTime delivered_at{is_delivered ? std::optional{now} : std::nullopt};
  const long long status = outcome.status;
  const auto problem = outcome.problem.substr(0, max_problem);
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    store::Statement update{session};
    next_at.use(update, "next_at");
    delivered_at.use(update, "delivered_at");
    update.use(status, "status").use(problem, "problem").use(notice.id, "id");
    update.prepare(
        "UPDATE webhook_deliveries SET next_at = :next_at, delivered_at = :delivered_at, status = :status, "
        "last_error = :problem WHERE id = :id AND delivered_at IS NULL");
    update.change();
    return {};
  });
}

Result<Page<model::WebhookDelivery>> ApprovalNotices::list(const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<model::WebhookDelivery>> {
    Listing listing{session, paging, "d.created_at", "d.id"};
    return listing.run<DeliveryRow>({DeliveryRow::select});
  });
}

}  // namespace runagents::server
