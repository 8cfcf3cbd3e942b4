#pragma once

#include <string>
#include <string_view>

namespace runagents::man {

// Text in the language of manual pages, mdoc(7). What is not ASCII becomes escapes. None ends with a line feed.

/// Text as it is, for lines of its own: no requests, no escapes; each sentence begins a line. Where an empty line
/// stands, a paragraph begins; a line that is indented is a display.
[[nodiscard]] std::string prose(std::string_view plain);

/// The same with a capital letter in front.
[[nodiscard]] std::string capitalized(std::string_view plain);

/// What is typed: every hyphen a minus, quotes straight. As one argument of a macro, whatever it holds.
[[nodiscard]] std::string word(std::string_view plain);

/// What is typed, as a display of its own.
[[nodiscard]] std::string display(std::string_view plain);

}  // namespace runagents::man
