#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::cli {

/// The candidate that `word` was most likely meant to be; empty when none is close (edit distance over a third).
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "did you mean \"X\"?", or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// Which of `known` the id, or its beginning of at least four characters, names. An unknown one is
/// ErrorCode::not_found, an ambiguous one ErrorCode::conflict; `what` is the kind of object that is meant.
[[nodiscard]] Result<std::size_t> index_of_id(std::string_view id, std::span<const std::string> known,
                                              std::string_view what);

}  // namespace runagents::cli
