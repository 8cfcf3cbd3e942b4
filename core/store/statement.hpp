#pragma once

#include <cstdint>
#include <optional>
#include <soci/soci.h>
#include <string>

namespace runagents::store {

/// One SQL statement with its parameters and results bound one after the other, for statements that are put together at
/// run time. Everything bound must outlive the statement. Throws soci::soci_error: use it inside of Database::read and
/// Database::write. For .cpp files.
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
    statement_.exchange(soci::use(value, name));
    return *this;
  }
  template <class Value>
  Statement& use(const Value& value, soci::indicator& indicator, const std::string& name) {
    statement_.exchange(soci::use(value, indicator, name));
    return *this;
  }

  void prepare(const std::string& sql) {
    statement_.alloc();
    statement_.prepare(sql);
    statement_.define_and_bind();
  }
  /// Fetches the first row of a query, then the next ones.
  bool fetch() {
    if (executed_) return statement_.fetch();
    executed_ = true;
    return statement_.execute(true);
  }
  /// For statements that are no query: how many rows were changed.
  std::int64_t change() {
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

 private:
  soci::statement statement_;
  bool executed_ = false;
};

}  // namespace runagents::store
