#include <cstdint>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/json_spans.hpp"
#include "core/api/members.hpp"
#include "core/api/model_spending_json.hpp"
#include "core/api/model_usage_json.hpp"
#include "core/api/run_json.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t any_number = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t any_limit = std::numeric_limits<std::uint32_t>::max();

Result<Outgoing> create(Runs& runs, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  auto run = api::run_from_json(*json);
  if (!run) return std::unexpected(run.error());
  return object_answer(runs.create(request.principal(), std::move(*run)), 201);
}

Result<Outgoing> change(Runs& runs, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (!json->contains("status")) return fail(ErrorCode::usage, "a change of a run needs \"status\"");
  api::RunChange change;
  api::Members members{*json};
  members.word("status", change.status, model::run_status_of, "the status of a run, such as COMPLETED")
      .number("exit_code", change.exit_code)
      .text("reason", change.reason)
      .number("last_seq", change.last_seq);
  if (json->contains("calls")) {
    api::RunCounts counts;
    members.number("calls", counts.calls)
        .number("refused", counts.refused)
        .number("approved", counts.approved)
        .number("observed", counts.observed);
    if (json->contains("models")) {
      auto models = api::model_usage_from_json((*json)["models"]);
      if (!models) return std::unexpected(std::move(models.error()));
      counts.models = *std::move(models);
    }
    change.counts = std::move(counts);
  }
  if (const Error* error = members.error()) return std::unexpected(*error);
  return object_answer(runs.change(request.principal(), request.parameter(0), change));
}

Result<Outgoing> list(Runs& runs, const Incoming& request) {
  if (auto recovered = runs.recover(); !recovered) return std::unexpected(recovered.error());
  api::RunFilter filter;
  filter.agent = request.query("agent_id");
  filter.end_user = request.query("user_id");
  const auto limit = request.number("limit", filter.limit, any_limit);
  if (!limit) return std::unexpected(limit.error());
  filter.limit = static_cast<std::uint32_t>(*limit);
  const std::string status = request.query("status");
  filter.status = model::run_status_of(status);
  if (!status.empty() && !filter.status) return fail(ErrorCode::usage, "there is no run status \"" + status + "\"");
  return list_answer("runs", runs.list(request.principal(), filter));
}

Result<Outgoing> append_events(Runs& runs, const Incoming& request) {
  const auto lines = api::array_elements(request.body(), "events");
  if (!lines) return std::unexpected(lines.error());
  auto stored = runs.append_events(request.principal(), request.parameter(0), *lines);
  if (!stored) return std::unexpected(std::move(stored.error()));
  return Outgoing{200, "{}"};
}

Result<Outgoing> events(Runs& runs, const Incoming& request) {
  if (auto recovered = runs.recover(); !recovered) return std::unexpected(recovered.error());
  const auto after = request.number("after_seq", 0, any_number);
  const auto limit = request.number("limit", 0, any_limit);
  if (!after) return std::unexpected(after.error());
  if (!limit) return std::unexpected(limit.error());
  api::EventQuery query;
  query.after_seq = *after;
  query.limit = static_cast<std::uint32_t>(*limit);
  query.type = request.query("type");
  const auto found = runs.events(request.principal(), request.parameter(0), query);
  if (!found) return std::unexpected(found.error());
  // Not through a JSON library: the texts are hashed.
  std::string body = R"({"events":[)";
  for (const auto& line : found->lines) (body += line) += ',';
  if (body.back() == ',') body.pop_back();
  return Outgoing{200, body + "]}", {}, found->lines.empty() && !found->is_complete};
}

Result<Outgoing> charge(ModelSpendings& spendings, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  const auto wanted = api::model_charge_from_json(*json);
  if (!wanted) return std::unexpected(wanted.error());
  return object_answer(spendings.change(request.principal(), request.parameter(0), *wanted));
}

}  // namespace

void add_run_routes(Router& router, Runs& runs, ModelSpendings& spendings) {
  router.add("POST", "/runs", Access::user, [&](const Incoming& request) { return create(runs, request); })
      .says("registers a run");
  router.add("GET", "/runs", Access::user, [&](const Incoming& request) { return list(runs, request); })
      .says("lists the runs")
      .with({"limit", "status", "agent_id", "user_id"});
  router
      .add("GET", "/runs/{}", Access::user,
           [&](const Incoming& request) -> Result<Outgoing> {
             if (auto recovered = runs.recover(); !recovered) return std::unexpected(recovered.error());
             return object_answer(runs.get(request.principal(), request.parameter(0)));
           })
      .says("a run");
  router.add("PATCH", "/runs/{}", Access::user, [&](const Incoming& request) { return change(runs, request); })
      .says("says how a run is going");
  router
      .add("POST", "/runs/{}/cancel", Access::user,
           [&](const Incoming& request) -> Result<Outgoing> {
             if (auto recovered = runs.recover(); !recovered) return std::unexpected(recovered.error());
             return object_answer(runs.cancel(actor_of(request), request.parameter(0)));
           })
      .says("asks a run to end");
  router.add("GET", "/runs/{}/events", Access::user, [&](const Incoming& request) { return events(runs, request); })
      .says("what has happened in a run")
      .with({"after_seq", "limit", "type", "wait"});
  router
      .add("POST", "/runs/{}/events", Access::user,
           [&](const Incoming& request) { return append_events(runs, request); })
      .says("adds events of a run")
      .repeatable();
  router
      .add("POST", "/runs/{}/model-spending", Access::user,
           [&](const Incoming& request) { return charge(spendings, request); })
      .says("reserves and corrects what models cost the run's agent in a month");
}

}  // namespace runagents::server
