#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace runagents::cli {

// How the words of a command line are told apart, for `parse` and for completion.

/// Whether it begins as a flag does; a lone dash stands for standard input.
[[nodiscard]] bool looks_like_flag(std::string_view word) noexcept;

/// "--output"
[[nodiscard]] std::string written(const Flag& flag);

/// The flag that a word such as "-o", "-ojson", "--output" or "--output=json" names; null: none of them.
[[nodiscard]] const Flag* flag_of(std::string_view word, std::span<const Flag> flags) noexcept;

/// Whether the value of the flag that this word names is the next word.
[[nodiscard]] bool takes_next_word(std::string_view word, const Flag& flag) noexcept;

}  // namespace runagents::cli
