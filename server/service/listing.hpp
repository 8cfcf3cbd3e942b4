#pragma once

#include <cstdint>
#include <list>
#include <soci/soci.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/store/statement.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

/// Where in a list, newest first, a page ended: time and id of its last row.
struct Position {
  long long at = 0;
  std::string id;
};
[[nodiscard]] std::string cursor_of(const Position& position);
/// ErrorCode::usage for what is no cursor.
[[nodiscard]] Result<Position> position_of(const std::string& cursor);
/// ErrorCode::usage for a limit out of range.
[[nodiscard]] Result<void> check(const Paging& paging);

/// A statement that lists rows newest first from a cursor on, put together from conditions. It goes on from the last
/// row's time and id, never by counting rows, so that a page costs the same wherever it is. For .cpp files.
class Listing {
 public:
  /// `time` and `id`: the columns that the list is ordered by ("u.created_at", "u.id").
  Listing(soci::session& session, const Paging& paging, std::string_view time, std::string_view id)
      : statement_{session}, paging_{paging}, time_{time}, id_{id} {}

  Listing& where(std::string_view condition);
  /// A condition with its parameter; an empty condition binds the parameter only.
  Listing& where(std::string_view condition, const std::string& name, std::string value);
  Listing& where(std::string_view condition, const std::string& name, long long value);
  void skip(std::uint32_t rows) { skip_ = rows; }

  /// Runs "SELECT ... FROM ..." with the conditions; several selections may have a WHERE of their own, and no row in
  /// common. Their first two columns are the id and the time. `Row` has bind(Statement&), value() and position().
  template <class Row>
  [[nodiscard]] auto run(const std::vector<std::string>& selects)
      -> Result<Page<decltype(std::declval<const Row&>().value())>> {
    if (auto ready = begin(); !ready) return std::unexpected(ready.error());
    Row row;
    row.bind(statement_);
    statement_.prepare(sql(selects));
    Page<decltype(std::declval<const Row&>().value())> page;
    Position last;
    while (statement_.fetch()) {
      if (page.items.size() == paging_.limit) {
        page.next = cursor_of(last);
        break;
      }
      page.items.push_back(row.value());
      last = row.position();
    }
    return page;
  }

 private:
  [[nodiscard]] Result<void> begin();
  [[nodiscard]] std::string sql(const std::vector<std::string>& selects) const;

  store::Statement statement_;
  const Paging& paging_;
  std::string time_, id_;
  std::string conditions_;
  // Bound by address.
  std::list<std::string> texts_;
  std::list<long long> numbers_;
  std::uint32_t skip_ = 0;
};

}  // namespace runagents::server
