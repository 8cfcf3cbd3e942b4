#include "server/service/model_spending.hpp"

#include <algorithm>

#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

using model::ModelCharge;
using model::ModelSpending;
using model::PicoDollars;

/// A million dollars, so that sums of a few stay within what a column holds.
constexpr PicoDollars max_amount = 1'000'000ULL * 1'000'000'000'000ULL;

bool is_month(std::string_view text) {
  constexpr std::string_view form = "0000-00";
  if (text.size() != form.size()) return false;
  return std::ranges::equal(text, form, [](char c, char f) { return f == '-' ? c == '-' : c >= '0' && c <= '9'; });
}

Result<void> check(const ModelCharge& charge) {
  if (charge.provider.empty()) return fail(ErrorCode::usage, "a charge needs \"provider\"");
  if (!is_month(charge.month)) return fail(ErrorCode::usage, "\"month\" must look like 2026-03");
  if (charge.reserve > max_amount || charge.release > max_amount) {
    return fail(ErrorCode::usage, "an amount is out of range");
  }
  return {};
}

/// By provider, and in all.
ModelSpending load(soci::session& session, const model::Run& run, const ModelCharge& charge) {
  ModelSpending spending;
  std::string provider;
  long long amount = 0;
  store::Statement query{session};
  query.into(provider).into(amount);
  query.use(run.created_by, "owner").use(run.agent, "agent").use(charge.month, "month");
  query.prepare(
      "SELECT provider, amount FROM model_spending WHERE owner = :owner AND agent = :agent AND month = :month");
  while (query.fetch()) {
    const auto one = static_cast<PicoDollars>(std::max(amount, 0LL));
    spending.of_agent += one;
    if (provider == charge.provider) spending.of_provider = one;
  }
  return spending;
}

bool passes(PicoDollars spent, PicoDollars more, const std::optional<PicoDollars>& budget) {
  return !budget || (spent <= *budget && more <= *budget - spent);
}

void store_amount(soci::session& session, const model::Run& run, const ModelCharge& charge, PicoDollars of_provider) {
  const auto amount = static_cast<long long>(of_provider);
  const long long now = number_of(model::now());
  store::Statement insert{session};
  insert.use(run.created_by, "owner").use(run.agent, "agent").use(charge.provider, "provider");
  insert.use(charge.month, "month").use(amount, "amount").use(now, "now");
  insert.prepare(
      "INSERT INTO model_spending (owner, agent, provider, month, amount, updated_at) "
      "VALUES (:owner, :agent, :provider, :month, :amount, :now) "
      "ON CONFLICT (owner, agent, month, provider) DO UPDATE SET amount = excluded.amount, "
      "updated_at = excluded.updated_at");
  insert.change();
}

}  // namespace

Result<ModelSpending> ModelSpendings::change(const Principal& principal, const std::string& run_id,
                                             const ModelCharge& charge) {
  if (auto sound = check(charge); !sound) return std::unexpected(std::move(sound.error()));
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<ModelSpending> {
    const auto run = load_run(session, run_id);
    if (!run) return std::unexpected(run.error());
    if (auto own = check_runner(principal, *run); !own) return std::unexpected(std::move(own.error()));
    auto spending = load(session, *run, charge);
    spending.accepted = passes(spending.of_provider, charge.reserve, charge.provider_budget) &&
                        passes(spending.of_agent, charge.reserve, charge.agent_budget);
    if (!spending.accepted) return spending;
    const auto released = std::min(charge.release, spending.of_provider);
    const auto amount = std::min(spending.of_provider - released + charge.reserve, max_amount);
    spending.of_agent = spending.of_agent - spending.of_provider + amount;
    spending.of_provider = amount;
    store_amount(session, *run, charge, amount);
    return spending;
  });
}

}  // namespace runagents::server
