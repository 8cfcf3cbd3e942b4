#pragma once

#include <cstdint>
#include <optional>
#include <soci/soci.h>
#include <string>
#include <type_traits>
#include <vector>

#include "core/store/text_flaw.hpp"

namespace runagents::store {

/// One SQL statement with its parameters and results bound one after the other, for statements that are put together at
/// run time. Everything bound must outlive the statement. Throws soci::soci_error: use it inside of Database's read,
/// write and append. For .cpp files.
///
/// One text serves SQLite and PostgreSQL. What they do not have in common:
///  - a yes or no is a number, 0 or 1: SQLite has no BOOLEAN, PostgreSQL takes no number where a condition belongs;
///  - a parameter has the type of what it is compared with or stored in, so bind numbers to BIGINT and INTEGER, texts
///    to TEXT, and do not compare a parameter with nothing but NULL or another parameter;
///  - ON CONFLICT ... DO NOTHING or DO UPDATE, never INSERT OR; coalesce, never IFNULL; octet_length for bytes;
///  - NULLs come first in SQLite's order and last in PostgreSQL's; LIKE ignores case in SQLite only;
///  - columns beside an aggregate must be in GROUP BY; greatest(a, b) is max(a, b) in SQLite: avoid both;
///  - no rowid; a table has a primary key. A key or an indexed text has at most 2,700 bytes;
///  - after a statement that failed a transaction of PostgreSQL is over: do not catch and go on.
class Statement {
 public:
  explicit Statement(soci::session& session) : statement_{session} {}

  template <class Value>
  Statement& into(Value& value) {
    statement_.exchange(soci::into(value));
    return *this;
  }
  template <class Value>
  Statement& into(Value& value, soci::indicator& indicator) {
    statement_.exchange(soci::into(value, indicator));
    return *this;
  }
  /// Binds to ":name".
  template <class Value>
  Statement& use(const Value& value, const std::string& name) {
    remember(value);
    statement_.exchange(soci::use(value, name));
    return *this;
  }
  template <class Value>
  Statement& use(const Value& value, soci::indicator& indicator, const std::string& name) {
    remember(value);
    statement_.exchange(soci::use(value, indicator, name));
    return *this;
  }

  void prepare(const std::string& sql) {
    statement_.alloc();
    // A named statement would cost PostgreSQL two more round trips.
    statement_.prepare(sql, soci::details::st_one_time_query);
    statement_.define_and_bind();
  }
  /// Fetches the first row of a query, then the next ones.
  bool fetch() {
    if (executed_) return statement_.fetch();
    executed_ = true;
    check_texts();
    return statement_.execute(true);
  }
  /// For statements that are no query: how many rows were changed.
  std::int64_t change() {
    check_texts();
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

 private:
  template <class Value>
  void remember(const Value& value) {
    if constexpr (std::is_same_v<Value, std::string>) texts_.push_back(&value);
  }
  // PostgreSQL has no NUL in texts, and SOCI would cut them there.
  void check_texts() const {
    for (const auto* text : texts_) {
      if (text->contains('\0')) throw TextFlaw{};
    }
  }

  soci::statement statement_;
  std::vector<const std::string*> texts_;
  bool executed_ = false;
};

}  // namespace runagents::store
