#include "cli/output/print.hpp"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/nearest.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/table.hpp"
#include "cli/output/yaml.hpp"

namespace runagents::cli::output {
namespace {

using Json = nlohmann::ordered_json;

Json parse(const std::string& text) { return Json::parse(text, nullptr, false); }

/// JSON is UTF-8 whatever the locale is; where a terminal or a log would show that as something else, it has a form in
/// ASCII, which means the same.
std::string dump(const Json& value, int indent) {
  return value.dump(indent, ' ', characters() == Characters::ascii, Json::error_handler_t::replace);
}

/// On a terminal it is looked at; elsewhere it is an argument of the next command, byte by byte.
std::string name_for(const Terminal& terminal, std::string_view name) {
  return printable(name, terminal.out_is_terminal ? characters() : Characters::unicode);
}

/// The member that a dotted name reaches.
const Json* member(const Json& object, std::string_view path) {
  const auto* at = &object;
  while (true) {
    const auto dot = path.find('.');
    const auto found = at->is_object() ? at->find(std::string{path.substr(0, dot)}) : at->end();
    if (!at->is_object() || found == at->end()) return nullptr;
    at = &*found;
    if (dot == std::string_view::npos) return at;
    path.remove_prefix(dot + 1);
  }
}

Json pick(const Json& object, const std::vector<std::string>& fields) {
  if (fields.empty() || !object.is_object()) return object;
  Json picked = Json::object();
  for (const auto& field : fields) {
    const auto* value = member(object, field);
    picked[field] = value == nullptr ? Json{} : *value;
  }
  return picked;
}

Result<void> check_fields(const std::vector<Json>& objects, const std::vector<std::string>& fields) {
  if (objects.empty()) return {};
  for (const auto& field : fields) {
    const bool known =
        std::ranges::any_of(objects, [&](const Json& object) { return member(object, field) != nullptr; });
    if (known) continue;
    std::vector<std::string> names;
    for (const auto& object : objects) {
      for (const auto& [name, value] : object.items()) names.push_back(name);
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    auto hint = did_you_mean(field, names);
    for (const auto& name : names) {
      hint += (&name == names.data() ? (hint.empty() ? "there are " : " there are ") : ", ") + name;
    }
    return fail(ErrorCode::usage, "no field \"" + field + "\"", hint);
  }
  return {};
}

std::string cell_text(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : dump(value, -1);
}

std::string table_of_fields(const std::vector<Json>& objects, const Options& options, const Terminal& terminal) {
  std::vector<Column> columns;
  columns.reserve(options.fields.size());
  for (const auto& field : options.fields) columns.push_back({.title = field, .shrinks = true, .stays = true});
  std::vector<std::vector<Cell>> rows;
  for (const auto& object : objects) {
    auto& row = rows.emplace_back();
    for (const auto& [name, value] : pick(object, options.fields).items()) row.push_back({.text = cell_text(value)});
  }
  return render_table(columns, rows, terminal.width, terminal.colour_out);
}

}  // namespace

std::optional<Format> format_of(std::string_view word) noexcept {
  if (word == "table") return Format::table;
  if (word == "json") return Format::json;
  if (word == "jsonl") return Format::jsonl;
  if (word == "yaml") return Format::yaml;
  if (word == "name") return Format::name;
  return std::nullopt;
}

Result<void> print(const Listing& listing, const Options& options, const Terminal& terminal) {
  if (options.format == Format::name) {
    for (const auto& row : listing.rows) terminal.out << name_for(terminal, row.name) << '\n';
    return {};
  }
  if (options.format == Format::table && options.fields.empty()) {
    if (listing.rows.empty()) {
      if (!listing.when_empty.empty()) terminal.err << listing.when_empty << '\n';
      return {};
    }
    std::vector<std::vector<Cell>> rows;
    rows.reserve(listing.rows.size());
    for (const auto& row : listing.rows) rows.push_back(row.cells);
    terminal.out << render_table(listing.columns, rows, terminal.width, terminal.colour_out);
    return {};
  }
  if (options.format == Format::jsonl && options.fields.empty() && characters() == Characters::unicode) {
    for (const auto& row : listing.rows) terminal.out << row.json << '\n';
    return {};
  }
  std::vector<Json> objects;
  objects.reserve(listing.rows.size());
  for (const auto& row : listing.rows) objects.push_back(parse(row.json));
  auto checked = check_fields(objects, options.fields);
  if (!checked) return checked;
  if (options.format == Format::table) {
    terminal.out << table_of_fields(objects, options, terminal);
    return {};
  }
  Json all = Json::array();
  for (const auto& object : objects) all.push_back(pick(object, options.fields));
  if (options.format == Format::json) terminal.out << dump(all, 2) << '\n';
  if (options.format == Format::yaml) terminal.out << to_yaml(all);
  if (options.format == Format::jsonl) {
    for (const auto& object : all) terminal.out << dump(object, -1) << '\n';
  }
  return {};
}

Result<void> print(const Card& card, const Options& options, const Terminal& terminal) {
  if (options.format == Format::name) {
    terminal.out << name_for(terminal, card.name) << '\n';
    return {};
  }
  if (options.format == Format::table && options.fields.empty()) {
    terminal.out << (card.is_quoted ? card.text : fitted(card.text, terminal.width));
    return {};
  }
  const auto object = parse(card.json);
  auto checked = check_fields({object}, options.fields);
  if (!checked) return checked;
  const auto picked = pick(object, options.fields);
  if (options.format == Format::table) terminal.out << table_of_fields({object}, options, terminal);
  if (options.format == Format::json) terminal.out << dump(picked, 2) << '\n';
  if (options.format == Format::jsonl) terminal.out << dump(picked, -1) << '\n';
  if (options.format == Format::yaml) terminal.out << to_yaml(picked);
  return {};
}

std::string labelled(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t width = 0;
  for (const auto& [label, value] : lines) width = value.empty() ? width : std::max(width, columns(label));
  std::string text;
  for (const auto& [label, value] : lines) {
    if (value.empty()) continue;
    text += label + std::string(width - columns(label) + 2, ' ') + printable(value) + "\n";
  }
  return text;
}

}  // namespace runagents::cli::output
