#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/output/options.hpp"
#include "cli/output/text.hpp"
#include "cli/terminal.hpp"
#include "core/error.hpp"

namespace runagents::cli::output {

struct Column {
  std::string title;
  bool shrinks = false;  ///< may be shortened when the terminal is too narrow
  bool stays = false;    ///< is shown there even if no row has anything in it
};

struct Cell {
  std::string text;  ///< made printable when it is printed
  Colour colour = Colour::plain;
};

/// One object: as a row for people, as its API object for programs, as its name for scripts.
struct Row {
  std::vector<Cell> cells;
  std::string name;
  std::string json;
};

/// Several objects.
struct Listing {
  std::vector<Column> columns;
  std::vector<Row> rows;
  std::string when_empty;  ///< said on `err` when there is no row and the format is `table`
};

/// One object in detail.
struct Card {
  std::string text;  ///< for people; complete, with line feeds
  std::string name;
  std::string json;
  bool is_quoted = false;  ///< the text is somebody else's, or to be copied: its lines stay as they are
};

/// Prints a list: a table, one JSON array, one JSON object per line, a YAML sequence, or names. `--fields` keeps the
/// named members ("action.tool" reaches inside); one that no object has is ErrorCode::usage.
[[nodiscard]] Result<void> print(const Listing& listing, const Options& options, const Terminal& terminal);

/// Prints one object: the card, or the object itself.
[[nodiscard]] Result<void> print(const Card& card, const Options& options, const Terminal& terminal);

/// The lines of a card: "label  value", labels aligned, entries with an empty value left out.
[[nodiscard]] std::string labelled(const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace runagents::cli::output
