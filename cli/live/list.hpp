#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/live/columns.hpp"
#include "cli/live/frame.hpp"
#include "cli/live/keys.hpp"
#include "cli/live/text_line.hpp"

namespace runagents::cli::live {

// What views have in common that show a list with a cursor and help.

struct List {
  std::vector<output::Line> above;  ///< over the titles of the columns
  const std::vector<Column>& columns;
  std::vector<std::vector<output::Cell>> rows;
  std::size_t selected = 0;
  std::string when_empty;
  const TextLine* filter = nullptr;  ///< while it is typed
  output::Line keys;
};

/// The page on which the cursor is, and how many lines a page has.
struct ListPage {
  Frame frame;
  std::size_t height = 1;
};
[[nodiscard]] ListPage list_page(List list, Size size);

/// By how many rows a key moves the cursor of a list of `count` whose pages have `page`; nothing: it does not.
[[nodiscard]] std::optional<std::ptrdiff_t> step_of(const Key& key, std::size_t page, std::size_t count) noexcept;

/// The row of `count`, at least one, that is `by` from row `from`, or the last one on the way.
[[nodiscard]] std::size_t stepped(std::size_t from, std::ptrdiff_t by, std::size_t count) noexcept;

/// Below the title: what keeps the view from being up to date, else what happened, else the note.
struct News {
  std::string_view trouble;
  std::string_view message;  ///< printable
  bool is_bad = false;       ///< the message
  std::string_view note = {};
};
[[nodiscard]] output::Line news_line(const News& news);

/// All keys with what they do, those that every list has among them, and then the notes.
[[nodiscard]] Frame help_frame(std::string title, const std::vector<KeyHelp>& keys, std::vector<output::Line> notes,
                               Size size);

}  // namespace runagents::cli::live
