#pragma once

#include <span>
#include <string_view>

namespace runagents::store {

/// The statements that lead from one version of the schema to the next; the first element leads from an empty database
/// to version 1. Released ones never change. Statements are separated by ';' and are plain SQL for both
/// databases, with TEXT, INTEGER and BIGINT as the types; see core/store/dialect.hpp.
[[nodiscard]] std::span<const std::string_view> migrations() noexcept;

}  // namespace runagents::store
