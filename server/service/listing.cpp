#include "server/service/listing.hpp"

#include <charconv>

#include "core/auth/base64.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

constexpr std::uint32_t max_limit = 1000;

}  // namespace

std::string cursor_of(const Position& position) {
  return auth::base64url(std::to_string(position.at) + ":" + position.id);
}

Result<Position> position_of(const std::string& cursor) {
  const auto text = auth::from_base64url(cursor);
  Position position;
  if (text) {
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, position.at);
    if (error == std::errc{} && rest != end && *rest == ':') {
      position.id.assign(rest + 1, end);
      if (is_uuid(position.id)) return position;
    }
  }
  return fail(ErrorCode::usage, "\"cursor\" is not one that a list gave");
}

Result<void> check(const Paging& paging) {
  if (paging.limit >= 1 && paging.limit <= max_limit) return {};
  return fail(ErrorCode::usage, "\"limit\" must be a number from 1 to " + std::to_string(max_limit));
}

Listing& Listing::where(std::string_view condition) {
  conditions_.append(conditions_.empty() ? "" : " AND ").append(condition);
  return *this;
}

Listing& Listing::where(std::string_view condition, const std::string& name, std::string value) {
  statement_.use(texts_.emplace_back(std::move(value)), name);
  return condition.empty() ? *this : where(condition);
}

Listing& Listing::where(std::string_view condition, const std::string& name, long long value) {
  statement_.use(numbers_.emplace_back(value), name);
  return condition.empty() ? *this : where(condition);
}

Result<void> Listing::begin() {
  if (auto fit = check(paging_); !fit) return fit;
  if (!paging_.cursor.empty()) {
    auto from = position_of(paging_.cursor);
    if (!from) return std::unexpected(from.error());
    where("", "cursor_at", from->at);
    where("(" + time_ + ", " + id_ + ") < (:cursor_at, :cursor_id)", "cursor_id", std::move(from->id));
  }
  return {};
}

std::string Listing::sql(const std::vector<std::string>& selects) const {
  std::string text;
  for (const auto& select : selects) {
    text.append(text.empty() ? "" : " UNION ALL ").append(select);
    if (conditions_.empty()) continue;
    text.append(select.contains(" WHERE ") ? " AND " : " WHERE ").append(conditions_);
  }
  // One more than is wanted tells whether there is another page.
  text += " ORDER BY 2 DESC, 1 DESC LIMIT " + std::to_string(paging_.limit + 1);
  return skip_ > 0 ? text + " OFFSET " + std::to_string(skip_) : text;
}

}  // namespace runagents::server
