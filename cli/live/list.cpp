#include "cli/live/list.hpp"

#include <algorithm>
#include <iterator>

namespace runagents::cli::live {

using output::Colour;
using output::Line;

ListPage list_page(List list, Size size) {
  auto lines = aligned(list.columns, list.rows, size.columns);
  auto above = std::move(list.above);
  above.push_back(std::move(lines.front()));
  std::vector<Line> below;
  if (list.filter != nullptr) below.push_back(typed_line("show only: ", *list.filter, size.columns));
  below.push_back(std::move(list.keys));
  ListPage page;
  page.height = std::max<std::size_t>(size.rows - std::min(size.rows, above.size() + below.size()), 1);
  const auto start = page_start(list.selected, list.rows.size(), page.height);
  std::vector<Line> body(std::make_move_iterator(lines.begin() + 1 + static_cast<std::ptrdiff_t>(start)),
                         std::make_move_iterator(lines.end()));
  if (list.rows.empty()) {
    body = {{}, output::line_of(std::move(list.when_empty))};
  } else {
    page.frame.highlighted = above.size() + list.selected - start;
  }
  if (list.filter != nullptr) page.frame.typing = size.rows - std::min<std::size_t>(size.rows, 2);
  page.frame.lines = stacked(std::move(above), std::move(body), std::move(below), size);
  return page;
}

std::optional<std::ptrdiff_t> step_of(const Key& key, std::size_t page, std::size_t count) noexcept {
  const auto lines = static_cast<std::ptrdiff_t>(page);
  const auto all = static_cast<std::ptrdiff_t>(count);
  if (key.press == Press::up || key.is('k')) return -1;
  if (key.press == Press::down || key.is('j')) return 1;
  if (key.press == Press::page_up) return -lines;
  if (key.press == Press::page_down || key.is(' ')) return lines;
  if (key.press == Press::home || key.is('g')) return -all;
  if (key.press == Press::end || key.is('G')) return all;
  return std::nullopt;
}

std::size_t stepped(std::size_t from, std::ptrdiff_t by, std::size_t count) noexcept {
  const auto last = static_cast<std::ptrdiff_t>(count) - 1;
  return static_cast<std::size_t>(std::clamp(static_cast<std::ptrdiff_t>(from) + by, std::ptrdiff_t{0}, last));
}

Line news_line(const News& news) {
  if (!news.trouble.empty()) {
    return {.spans = {{"trying again: " + output::printable(std::string{news.trouble}), Colour::red}}};
  }
  if (!news.message.empty()) {
    return {.spans = {{std::string{news.message}, news.is_bad ? Colour::red : Colour::cyan}}};
  }
  return {.spans = {{std::string{news.note}, Colour::dim}}};
}

Frame help_frame(std::string title, const std::vector<KeyHelp>& keys, std::vector<Line> notes, Size size) {
  constexpr std::size_t label_width = 13;
  std::vector<KeyHelp> all{{"Up, Down", "move; also k and j, PgUp and PgDn, g and G"}};
  all.insert(all.end(), keys.begin(), keys.end());
  all.insert(
      all.end(),
      {{"Esc", "back"}, {"Ctrl-L", "paint the screen again"}, {"Ctrl-Z", "stop; fg continues"}, {"q, Ctrl-C", "quit"}});
  std::vector<Line> lines;
  for (const auto& [key, what] : all) {
    lines.push_back(output::labelled_line(key, label_width, what));
    lines.back().spans.front().colour = Colour::bold;
  }
  std::ranges::move(notes, std::back_inserter(lines));
  return {.lines = stacked({output::line_of(std::move(title), Colour::bold), {}}, output::wrapped(lines, size.columns),
                           {key_line({{"any key", "back"}}, size.columns)}, size)};
}

}  // namespace runagents::cli::live
