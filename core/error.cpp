#include "core/error.hpp"

#include <algorithm>
#include <array>

namespace runagents {
namespace {

struct Row {
  ErrorCode code;
  std::string_view word;
  int exit_code;
  int http_status;
};

constexpr std::array rows = {
    Row{ErrorCode::usage, "usage", 2, 400},
    Row{ErrorCode::configuration, "configuration", 2, 422},
    Row{ErrorCode::unauthenticated, "unauthenticated", 3, 401},
    Row{ErrorCode::forbidden, "forbidden", 4, 403},
    Row{ErrorCode::needs_person, "needs_person", 5, 428},
    Row{ErrorCode::not_found, "not_found", 6, 404},
    Row{ErrorCode::conflict, "conflict", 7, 409},
    Row{ErrorCode::unavailable, "unavailable", 8, 503},
    Row{ErrorCode::bad_outcome, "bad_outcome", 9, 424},
    Row{ErrorCode::internal, "internal", 1, 500},
};

const Row& row(ErrorCode code) noexcept {
  const auto* found = std::ranges::find(rows, code, &Row::code);
  return found == rows.end() ? rows.back() : *found;
}

}  // namespace

std::string_view word(ErrorCode code) noexcept { return row(code).word; }
int exit_code(ErrorCode code) noexcept { return row(code).exit_code; }
int http_status(ErrorCode code) noexcept { return row(code).http_status; }

std::optional<ErrorCode> error_code_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(rows, word, &Row::word);
  return found == rows.end() ? std::nullopt : std::optional{found->code};
}

ErrorCode error_code_of_status(int status) noexcept {
  const auto* found = std::ranges::find(rows, status, &Row::http_status);
  if (found != rows.end()) return found->code;
  return status >= 500 ? ErrorCode::unavailable : ErrorCode::usage;
}

}  // namespace runagents
