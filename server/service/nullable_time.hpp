#pragma once

#include <optional>
#include <soci/soci.h>

#include "core/model/approval.hpp"
#include "core/store/statement.hpp"
#include "server/service/column.hpp"

namespace runagents::server {

/// A column of a time that may be NULL, as it is bound to a statement. For .cpp files.
struct NullableTime {
  NullableTime() = default;
  explicit NullableTime(const std::optional<model::Time>& time)
      : number{time ? number_of(*time) : 0}, state{time ? soci::i_ok : soci::i_null} {}

  [[nodiscard]] std::optional<model::Time> time() const {
    return state == soci::i_ok ? std::optional{time_of(number)} : std::nullopt;
  }
  void into(store::Statement& query) { query.into(number, state); }
  void use(store::Statement& statement, const std::string& name) { statement.use(number, state, name); }

  long long number = 0;
  soci::indicator state = soci::i_null;
};

}  // namespace runagents::server
