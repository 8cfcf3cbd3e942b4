#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Pieces of the sentences that explain a decision.
namespace runagents::policy {

[[nodiscard]] std::string in_quotes(std::string_view text);

/// "a, b, c"
[[nodiscard]] std::string joined(const std::vector<std::string>& words);

/// A word of a shell command line that people may copy: quoted where a shell would read anything else than the text.
/// The text may come from the agent.
[[nodiscard]] std::string shell_word(std::string_view text);

/// A URL for people: a query may hold secrets.
[[nodiscard]] std::string_view without_query(std::string_view url) noexcept;

}  // namespace runagents::policy
